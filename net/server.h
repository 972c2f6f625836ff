/* SPDX-License-Identifier: MIT */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <framecast/server.h>

#include "net/peers.h"

/* What loops and connections see of their server. Threads: any. */

enum server_counter {
    SERVER_ACCEPTED,
    SERVER_REFUSED,
    SERVER_REFUSED_ADDRESS,
    SERVER_ACCEPT_PAUSES,
    SERVER_BAD_REQUESTS,
    SERVER_CLOSED_SLOW,
    SERVER_CLOSED_IDLE,
    SERVER_SLOW_TURNS,
    SERVER_COUNTER_COUNT,
};

const struct fc_handler *server_handler(const struct fc_server *server);
const struct fc_server_options *server_options(const struct fc_server *server); /* resolved */
void server_count(struct fc_server *server, enum server_counter counter);

/** A connection is over: its address has one less (takes *peer, which may be NULL). */
void server_left(struct fc_server *server, struct peer **peer, bool was_refused);

#endif
