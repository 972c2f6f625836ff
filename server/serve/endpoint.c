/* SPDX-License-Identifier: MIT */
#include "serve/endpoint.h"

void endpoint_attach(struct endpoint *endpoint, const struct endpoint_ops *ops,
                     const struct visit *visit)
{
    *endpoint = (struct endpoint){
        .ops = ops,
        .conn = visit->conn,
        .audience = visit->audience,
    };
    fc_conn_set_user(visit->conn, endpoint);
}

void endpoint_detach(struct endpoint *endpoint)
{
    fc_conn_set_user(endpoint->conn, NULL);
}
