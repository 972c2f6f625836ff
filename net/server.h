/* SPDX-License-Identifier: MIT */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <framecast/server.h>

/* What loops and connections see of their server. Threads: any. */

enum server_counter {
    SERVER_ACCEPTED,
    SERVER_REFUSED,
    SERVER_BAD_REQUESTS,
    SERVER_CLOSED_SLOW,
    SERVER_CLOSED_IDLE,
    SERVER_COUNTER_COUNT,
};

const struct fc_handler *server_handler(const struct fc_server *server);
const struct fc_server_options *server_options(const struct fc_server *server); /* resolved */
void server_count(struct fc_server *server, enum server_counter counter);

#endif
