/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_CLIENT_H
#define FRAMECAST_CLIENT_H

#include <framecast/conn.h>
#include <framecast/tls.h>

/*
 * A client: one WebSocket connection at a time to one address, made again when it is lost, if so
 * wished.
 *
 * It lives on a loop: one of fc_loop_new(), or one of a server's. Nothing blocks: connecting goes
 * on while other things happen, and fc_conn_handler.open says when it is done.
 */

FC_BEGIN

struct fc_client; /* Threads: its loop's; fc_client_open() also before the loop runs. */

/** Zero means the default. Everything is copied or shared, but for handler. */
struct fc_client_options {
    /* "ws://HOST[:PORT][/PATH]", "wss://…" with TLS, "unix:/SOCKET[:/PATH]" */
    const char *url;
    const char *const *subprotocols; /* offered, in the order of preference, ended by NULL */
    const char *headers;             /* more header lines, each ending in CRLF */
    const char *username, *password; /* basic authorization (RFC 7617); also "ws://NAME:WORD@…" */
    const char *bearer_token;        /* bearer authorization (RFC 6750) */
    const char *proxy;               /* "http://[NAME:WORD@]HOST[:PORT]": by CONNECT; NULL: none */
    struct fc_tls *tls;              /* of wss://; NULL: the system's authorities, verified */
    int64_t open_timeout_ns;         /* from the name to the open connection; 0: 10 s */

    bool reconnects;
    int64_t backoff_min_ns; /* before the first new attempt, about; 0: 0.5 s */
    int64_t backoff_max_ns; /* it doubles up to this; 0: 30 s */

    const struct fc_conn_handler *handler; /* borrowed for the client's life */
    void *user;                            /* fc_conn_user(), fc_client_user() */
    /* An attempt came to nothing: why is a sentence. retry_ns is when the next one begins, -1: not
       at all. Called from the loop, never within fc_client_open(). */
    void (*failed)(struct fc_client *client, const char *why, int64_t retry_ns);
    struct fc_conn_options conn;
};

/**
 * Begin to connect.
 *
 * Attempts go on only with reconnects: after a connection was lost or closed by the peer, and after
 * an attempt failed. An answer that will not change by itself (a status of 4xx but 408, 425, 429; a
 * redirect; a peer that does not speak WebSocket) ends them. Waiting times are spread at random
 * over the upper half of the back-off, so that a thousand clients do not come back in one instant;
 * it begins anew once a connection has lasted longer than backoff_max_ns.
 *
 * Errors:    -EINVAL with a sentence for an address or option that cannot be; -ENOMEM.
 * Ownership: gives; release with fc_client_close().
 * Spec:      RFC 6455 sections 4.1 and 7.2.3.
 */
FC_API FC_NODISCARD int fc_client_open(struct fc_client **out, struct fc_loop *loop,
                                       const struct fc_client_options *options,
                                       struct fc_error *error);

/**
 * End it: a connection is closed with that code and reason (see fc_conn_close(); its handler is
 * still told), an attempt is given up, no new one is made. Sets the pointer to NULL, ignores NULL.
 * Also to be called when the loop has ended, before the loop is freed.
 */
FC_API void fc_client_close(struct fc_client **client, uint16_t code, const char *reason);

/** The open connection, or NULL. Borrowed until its closed() has returned. */
FC_API struct fc_conn *fc_client_conn(const struct fc_client *client);

/** fc_client_options.user. */
FC_API void *fc_client_user(const struct fc_client *client);

/** The client whose connection it is; NULL for a server's, or once the client was closed. */
FC_API struct fc_client *fc_conn_client(const struct fc_conn *conn);

FC_END

#endif
