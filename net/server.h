/* SPDX-License-Identifier: MIT */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <framecast/server.h>

/* What server.c and route.c see of a server. Threads: any. */

/** A route and the options of its connections, resolved. */
struct route {
    const struct fc_route *given; /* borrowed */
    struct fc_conn_options options;
};

/** The routes of a server. Errors: -ENOMEM, -EINVAL with a sentence. Gives. */
FC_NODISCARD int routes_new(struct route **out, const struct fc_handler *handler,
                            const struct fc_conn_options *options, struct fc_error *error);

/** Give a request to the first route that matches; false when there is none. */
bool routes_take(const struct route *routes, uint32_t count, struct fc_conn *conn,
                 const struct fc_http_request *request);

#endif
