/* SPDX-License-Identifier: MIT */
#ifndef NET_CONN_HOST_H
#define NET_CONN_HOST_H

#include <framecast/server.h>

/* What connections see of the server or the client that they belong to. Threads: their loop's. */

enum conn_counter {
    CONN_BAD_REQUESTS,
    CONN_CLOSED_SLOW,
    CONN_CLOSED_IDLE,
    CONN_COUNTER_COUNT,
};

/** Whose connections they are: a server's, or a client's. Embedded in it, and outlives them. */
struct conn_host {
    struct fc_conn_options options;        /* resolved */
    const struct fc_conn_handler *handler; /* borrowed */
    int64_t head_timeout_ns, answer_timeout_ns, keep_alive_ns;
    /* server: a request; NULL: it is a client */
    void (*request)(struct fc_conn *conn, const struct fc_http_request *request);
    /* client: the opening handshake came to nothing. The connection is dead. */
    void (*refused)(struct conn_host *host, const char *why, bool is_final);
    void (*opened)(struct conn_host *host); /* client: it came to an open connection */
    void (*count)(struct conn_host *host, enum conn_counter counter);
    /* The last that is heard of a connection. */
    void (*left)(struct conn_host *host, struct fc_conn *conn);
};

/** Fill in the defaults; or, where there are such, those of somebody else. */
void conn_options_resolve(struct fc_conn_options *options);
void conn_options_inherit(struct fc_conn_options *options, const struct fc_conn_options *from);

#endif
