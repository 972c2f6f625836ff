/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_SERVER_H
#define FRAMECAST_SERVER_H

#include <framecast/conn.h>

/*
 * A server: listeners, and one loop per thread, each with its own connections.
 *
 * fc_server_run() runs the first loop on the calling thread and returns after SIGINT, SIGTERM or
 * fc_server_stop(), once every connection was told to go and has gone, or the time is over.
 */

FC_BEGIN

struct fc_server; /* Threads: new, run and free on one; the rest any. */

/** What the application does. Everything is called on a loop's thread. Unset ones are ignored. */
struct fc_handler {
    /* A loop starts; what it returns is fc_loop_user(). */
    void *(*loop_open)(struct fc_loop *loop, void *ctx);
    /* A loop has ended; its connections are gone. */
    void (*loop_close)(struct fc_loop *loop, void *ctx);

    /* A request: answer with one of fc_conn_respond(), fc_conn_stream() or fc_conn_accept(), now
       or later. The request is valid during the call only. */
    void (*request)(struct fc_conn *conn, const struct fc_http_request *request);
    /* A whole WebSocket message; payload is valid during the call only. */
    void (*message)(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload);
    /* The first byte of a message from fc_conn_put() went out. */
    void (*started)(struct fc_conn *conn, uint32_t slot, const struct fc_message *message);
    /* The last of what fc_conn_send() queued has been given to the kernel. Only while
       fc_conn_user() is set. */
    void (*drained)(struct fc_conn *conn);
    /* The connection is over. Called only while fc_conn_user() is set, and never within a call of
       the application's: what it holds lasts until the end of the loop's turn. */
    void (*closed)(struct fc_conn *conn);

    /* One of these, or a task ("task"), held the loop and everybody on it for over 100 ms. Called
       after it; what is its name, static. */
    void (*slow)(struct fc_loop *loop, const char *what, int64_t duration_ns);

    void *ctx;
};

/** Zero means the default. */
struct fc_server_options {
    const char *const *listen; /* "127.0.0.1:8765", "[::]:8765", "unix:/path"; port 0: any */
    uint32_t listen_count;     /* 0: "127.0.0.1:8765" */
    uint32_t threads;          /* loops; 0: one per processor */
    uint32_t connections_max;  /* 0: 16384; more are answered 503 */
    /* More from one address are answered 429; of IPv6 the upper half is the address. 0: 256, and no
       limit for this machine's own (127.0.0.0/8, ::1). Unix sockets never have one. */
    uint32_t connections_per_address_max;
    int64_t head_timeout_ns;   /* for a request head to arrive whole; 0: 10 s */
    int64_t answer_timeout_ns; /* for the application to answer; then 503; 0: 10 s */
    int64_t keep_alive_ns;     /* between requests; 0: 60 s */
    int64_t idle_viewer_ns;    /* taking nothing of what waits for it; 0: 30 s */
    int64_t ping_every_ns;     /* of silence, WebSocket; 0: 20 s */
    int64_t stop_timeout_ns;   /* from the signal to the end; 0: 4 s */
    /* Reliable messages that wait, per connection, each counted with 64 bytes for itself; a single
       one may be larger. 0: 1 MiB */
    uint32_t queue_max_bytes;
};

/** Looked at, never waited for. */
struct fc_server_stats {
    uint64_t accepted, open;
    uint64_t refused;         /* 503: connections_max */
    uint64_t refused_address; /* 429: connections_per_address_max */
    uint64_t accept_pauses;   /* out of descriptors or memory: accepting waited a moment */
    uint64_t bad_requests;    /* answered 4xx by the library, or broken off */
    uint64_t closed_slow;     /* 1013: a reliable queue over its bound */
    uint64_t closed_idle;     /* took nothing for idle_viewer_ns */
    uint64_t slow_turns;      /* a loop was held for over 100 ms */
};

/**
 * Make a server and bind its listeners; nothing is accepted before fc_server_run().
 *
 * Errors:    -errno or -EINVAL with a sentence in why (what, which, why, what to try).
 * Ownership: gives; borrows handler for the server's life.
 * Threads:   any.
 */
FC_API FC_NODISCARD int fc_server_new(struct fc_server **out,
                                      const struct fc_server_options *options,
                                      const struct fc_handler *handler, char *why, size_t why_size);

/** Release a server that does not run, and set the pointer to NULL. Ignores NULL. */
FC_API void fc_server_free(struct fc_server **server);

/** The address of one listener as it was bound, "127.0.0.1:41234" or "unix:/path"; NULL past the
 *  last. Borrowed for the server's life. */
FC_API const char *fc_server_address(const struct fc_server *server, uint32_t index);

/** Serve until told to stop. Errors: -errno when threads cannot be started. */
FC_API FC_NODISCARD int fc_server_run(struct fc_server *server);

/** Ask the server to end, as SIGTERM does. Threads: any. */
FC_API void fc_server_stop(struct fc_server *server);

/** How many loops there are. Threads: any. */
FC_API uint32_t fc_server_loop_count(const struct fc_server *server);
/** One of them, for fc_loop_post(); index below the count. Borrowed for the server's life. */
FC_API struct fc_loop *fc_server_loop(struct fc_server *server, uint32_t index);
/** Copy the counters as they are now. Threads: any. */
FC_API void fc_server_stats(const struct fc_server *server, struct fc_server_stats *out);

FC_END

#endif
