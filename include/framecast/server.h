/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_SERVER_H
#define FRAMECAST_SERVER_H

#include <framecast/conn.h>
#include <framecast/handshake.h>
#include <framecast/http.h>
#include <framecast/tls.h>

/*
 * A server: listeners, and one loop per thread, each with its own connections.
 *
 * fc_server_run() runs the first loop on the calling thread and returns after SIGINT, SIGTERM or
 * fc_server_stop(), once every connection was told to go and has gone, or the time is over.
 */

FC_BEGIN

struct fc_server; /* Threads: new, run and free on one; the rest any. */

/* ---- Answering a request ---- */

/** A whole answer. Zero means the default. */
struct fc_response {
    int status;               /* 0: 200 */
    const char *content_type; /* NULL: none */
    const char *headers;      /* more header lines, each ending in CRLF; NULL: none */
    struct fc_bytes content;  /* copied, or {0} and */
    struct fc_body *body;     /* shared */
};

/** Answer the request whole. The connection then takes the next request, if the client wants. */
FC_API void fc_conn_respond(struct fc_conn *conn, const struct fc_response *response);

/** Begin an endless answer: status, type and headers. Then send, put, and at last finish. */
FC_API void fc_conn_stream(struct fc_conn *conn, const struct fc_response *response);

/** Zero means the default. */
struct fc_accept_options {
    const char *subprotocol;               /* one that the client offers; NULL: none. Borrowed for
                                              the connection's life. */
    const char *headers;                   /* more header lines, each ending in CRLF; NULL: none */
    const struct fc_conn_handler *handler; /* NULL: the server's. Borrowed as well. */
    void *user;                            /* fc_conn_user() */
    const struct fc_conn_options *conn;    /* copied; NULL, and zeros in it: the server's */
};

/**
 * Answer a WebSocket handshake; options may be NULL. fc_conn_handler.open is called within it.
 *
 * Errors:    false when the handshake is not in order: it has been answered and refused.
 * Spec:      RFC 6455 section 4.2.2.
 */
FC_API bool fc_conn_accept(struct fc_conn *conn, const struct fc_http_request *request,
                           const struct fc_accept_options *options);

/** What becomes of a request that a route's hook has seen. */
enum fc_verdict {
    FC_ACCEPT,   /* it becomes a WebSocket */
    FC_ANSWERED, /* the hook has answered it, or will */
};

/** One path and what is behind it. Zero means the default. */
struct fc_route {
    const char *path; /* "/chat" for that path alone; "/chat/+" for all that begins with "/chat/" */
    const struct fc_conn_handler
        *handler; /* of its WebSockets; NULL: the hook answers everything */
    /* In the order of preference, ended by NULL: the first that the client offers is agreed.
       NULL: none. */
    const char *const *subprotocols;
    bool needs_subprotocol; /* who offers none of them is refused with 400 */
    /* Whose pages may come here: "https://example.com", ended by NULL. Browsers say where a page is
       from (Origin); one from elsewhere is refused with 403, before the hook. Who says nothing is
       no browser, and may. NULL: all. Spec: RFC 6455 section 10.2, RFC 6454 section 7. */
    const char *const *origins;
    /* Sees each request first, and may refuse it with any status and headers. NULL: all are
       accepted that ask for a WebSocket; others are answered 426. */
    enum fc_verdict (*request)(struct fc_conn *conn, const struct fc_http_request *request);
    const struct fc_conn_options *conn; /* NULL, and zeros in it: the server's */
};

/** What the application does. Everything is called on a loop's thread. Unset ones are ignored. */
struct fc_handler {
    /* A loop starts; what it returns is fc_loop_user(). */
    void *(*loop_open)(struct fc_loop *loop, void *ctx);
    /* A loop has ended; its connections are gone. */
    void (*loop_close)(struct fc_loop *loop, void *ctx);

    /* Looked through in their order; the first that matches is taken. */
    const struct fc_route *routes;
    uint32_t route_count;

    /* A request that no route takes: answer with one of fc_conn_respond(), fc_conn_stream() or
       fc_conn_accept(), now or later. The request is valid during the call only. Unset: 404. */
    void (*request)(struct fc_conn *conn, const struct fc_http_request *request);

    /* Of connections whose acceptance named no other. */
    struct fc_conn_handler conn;

    /* One of these, or a task ("task"), held the loop and everybody on it for over 100 ms. Called
       after it; what is its name, static. */
    void (*slow)(struct fc_loop *loop, const char *what, int64_t duration_ns);

    void *ctx;
};

/** Zero means the default. */
struct fc_server_options {
    /* "127.0.0.1:8765", "[::]:8765", "unix:/path"; port 0: any. With tls, Internet addresses speak
       TLS, unless they begin with "tcp:". */
    const char *const *listen;
    uint32_t listen_count;    /* 0: "127.0.0.1:8765" */
    struct fc_tls *tls;       /* shared; NULL: none */
    uint32_t threads;         /* loops; 0: one per processor */
    uint32_t connections_max; /* 0: 16384; more are answered 503 */
    /* More from one address are answered 429; of IPv6 the upper half is the address. 0: 256, and no
       limit for this machine's own (127.0.0.0/8, ::1). Unix sockets never have one. */
    uint32_t connections_per_address_max;
    int64_t head_timeout_ns;   /* for a request head to arrive whole, TLS included; 0: 10 s */
    int64_t answer_timeout_ns; /* for the application to answer; then 503; 0: 10 s */
    int64_t keep_alive_ns;     /* between requests; 0: 60 s */
    int64_t stop_timeout_ns;   /* from the signal to the end; 0: 4 s */
    bool ignores_signals;      /* SIGINT and SIGTERM are the application's */
    struct fc_conn_options conn;
};

/** Looked at, never waited for. */
struct fc_server_stats {
    uint64_t accepted, open;
    uint64_t refused;         /* 503: connections_max */
    uint64_t refused_address; /* 429: connections_per_address_max */
    uint64_t accept_pauses;   /* out of descriptors or memory: accepting waited a moment */
    uint64_t bad_requests;    /* answered 4xx by the library, or broken off; TLS that failed */
    uint64_t closed_slow;     /* 1013: a reliable queue over its bound */
    uint64_t closed_idle;     /* took nothing for idle_viewer_ns */
    uint64_t slow_turns;      /* a loop was held for over 100 ms */
};

/**
 * Make a server and bind its listeners; nothing is accepted before fc_server_run().
 *
 * Errors:    -errno or -EINVAL with a sentence (what, which, why, what to try).
 * Ownership: gives; borrows handler for the server's life. Shares options->tls.
 * Threads:   any.
 */
FC_API FC_NODISCARD int fc_server_new(struct fc_server **out,
                                      const struct fc_server_options *options,
                                      const struct fc_handler *handler, struct fc_error *error);

/** Release a server that does not run, and set the pointer to NULL. Ignores NULL. */
FC_API void fc_server_free(struct fc_server **server);

/** The address of one listener as it was bound, "127.0.0.1:41234" or "unix:/path"; NULL past the
 *  last. Borrowed for the server's life. */
FC_API const char *fc_server_address(const struct fc_server *server, uint32_t index);

/** Serve until told to stop. Errors: -errno when threads cannot be started. */
FC_API FC_NODISCARD int fc_server_run(struct fc_server *server);

/** Ask the server to end, as SIGTERM does. Threads: any. */
FC_API void fc_server_stop(struct fc_server *server);

/**
 * The shortest server: every path is a WebSocket of that handler, until SIGINT or SIGTERM. Prints
 * its address on standard output, and what went wrong on standard error.
 *
 * @param host, port  such as "127.0.0.1" or "[::]", and "8765"; "0": any
 *
 * Errors:    EXIT_FAILURE, for main() to return; else EXIT_SUCCESS.
 */
FC_API FC_NODISCARD int fc_serve(const char *host, const char *port,
                                 const struct fc_conn_handler *handler);

/** How many loops there are. Threads: any. */
FC_API uint32_t fc_server_loop_count(const struct fc_server *server);
/** One of them, for fc_loop_post() and clients; index below the count. Borrowed for its life. */
FC_API struct fc_loop *fc_server_loop(struct fc_server *server, uint32_t index);
/** Copy the counters as they are now. Threads: any. */
FC_API void fc_server_stats(const struct fc_server *server, struct fc_server_stats *out);

FC_END

#endif
