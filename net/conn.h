/* SPDX-License-Identifier: MIT */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <framecast/server.h>

#include "net/conn_host.h"
#include "net/list.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/peers.h"
#include "net/tls.h"

/*
 * One connection, of a server or a client. Everything here is its loop's.
 *
 * conn.c         life: states, deadlines, the end
 * conn_io.c      bytes between the socket and the rest, with TLS or without
 * conn_read.c    bytes in: heads, then WebSocket events
 * conn_write.c   bytes out: the outbox to the socket, the gate
 * conn_send.c    what the application wants sent
 * conn_http.c    a server's answers
 * conn_hello.c   a client's opening handshake
 * conn_ws.c      WebSocket: accept, close, what the engine wants sent
 * conn_query.c   what the application may ask
 */

enum conn_state {
    CONN_SECURE,    /* TLS is being agreed on */
    CONN_HEAD,      /* server: a request head is awaited */
    CONN_ANSWER,    /* server: the application has the request */
    CONN_ANSWERED,  /* server: the whole answer is queued */
    CONN_STREAM,    /* server: an endless answer */
    CONN_PROXY,     /* client: the proxy's answer is awaited */
    CONN_UPGRADE,   /* client: the server's answer is awaited */
    CONN_WEBSOCKET, /* after the opening handshake */
    CONN_LINGER,    /* all was said; waiting for the peer to hang up, so that it reads it all */
    CONN_DEAD,      /* nothing more is done with it; buried at the end of the turn */
    CONN_STATE_COUNT,
};

/* Bytes of a head that is not complete, or of what follows a request that is being answered. */
struct conn_input {
    size_t size, scanned;
    uint8_t data[FC_HTTP_HEAD_MAX_BYTES];
};

struct conn_hello; /* conn_hello.h: what a client asks for */

struct fc_conn {
    struct list_link link;  /* in loop->conns */
    struct list_link dirty; /* in loop->dirty, or, dead, in loop->dead */
    struct list_link gated; /* in loop->gated */
    struct fc_loop *loop;   /* borrowed */
    struct conn_host *host; /* borrowed */
    const struct fc_conn_handler *handler;
    const struct fc_conn_options *options; /* the host's, or owned */
    struct peer *peer;        /* owned place among its address's connections; NULL: not counted */
    void *user;               /* the application's */
    struct fc_ws *ws;         /* owned; NULL before the upgrade */
    struct tls *tls;          /* owned; NULL: plain */
    struct conn_input *input; /* owned; NULL while there are no such bytes */
    struct conn_hello *hello; /* owned; client: until it is open */
    struct membership *memberships; /* group.c; NULL: in none */
    const char *subprotocol;        /* borrowed */
    char *close_reason;             /* owned; NULL: none */
    struct outbox outbox;
    int64_t deadline_ns;     /* of the state, INT64_MAX: none */
    int64_t progress_ns;     /* when the peer last took something */
    uint64_t written;        /* bytes given to the kernel */
    uint64_t taken;          /* of those, acknowledged when last looked at */
    struct poll_watch watch; /* of the socket, owned; its fd is -1 once closed */
    uint32_t refs;           /* the loop's and the application's */
    uint32_t rtt_us;         /* UINT32_MAX: not measured */
    uint16_t close_code;
    uint8_t state; /* enum conn_state; changed by conn_enter() alone */
    bool is_tcp;
    bool is_keep_alive;   /* another request may follow */
    bool is_head_request; /* HEAD: the answer has no content */
    bool is_http_1_0;     /* must be told that it may ask again */
    bool is_low_water;    /* gate_wake_when_sent() is on */
    bool is_blocked;      /* the kernel took less than it was given */
    bool is_bounded;      /* gate_bound_near() has looked */
    bool is_told_to_stop;
    bool is_refused;      /* only there to hear why */
    bool is_opened;       /* the application knows it: closed() is due */
    bool is_paused;       /* the application wants to receive nothing */
    bool is_high;         /* over the high water mark, and the application was told */
    bool is_unread;       /* TLS holds decrypted bytes that no poll will tell of */
    bool is_crossed;      /* TLS must write to read on, or read to write on */
    bool is_deflated;     /* permessage-deflate was agreed */
    bool may_deflate;     /* and the peer's window is large enough for what we send */
    bool has_close_frame; /* the outbox has, or had, our close frame */
    bool has_own_options;
};

/** A socket on its way to its loop. */
struct conn_arrival {
    struct conn_host *host;
    int fd;
    bool is_tcp;
    struct fc_tls *tls;       /* server; NULL: plain */
    struct peer *peer;        /* server; NULL: not counted */
    struct conn_hello *hello; /* client */
    void *user;
    int refused; /* server: the status to be answered at once: 429, 503; 0: welcome */
};

/** Take what the arrival has. Errors: NULL without memory; all that it had is gone then. */
struct fc_conn *conn_open(struct fc_loop *loop, const struct conn_arrival *arrival);
void conn_enter(struct fc_conn *conn, enum conn_state next);

/**
 * End it, whatever waits. The application is told, and everything is released, by conn_bury() at
 * the end of the turn: so no call of the application's ends with what it holds being gone.
 */
void conn_kill(struct fc_conn *conn);
void conn_bury(struct fc_conn *conn);

/** As conn_kill(), for a peer that reads nothing: what the kernel still holds is thrown away. */
void conn_abort(struct fc_conn *conn);

/** Tell it to go, because the loop stops. */
void conn_stop(struct fc_conn *conn);
/** Look at its deadlines; called a few times a second. */
void conn_tick(struct fc_conn *conn);
/** The socket is ready for those events of epoll. */
void conn_ready(struct fc_conn *conn, uint32_t events);

/** Have it flushed at the end of this turn. */
void conn_wants_flush(struct fc_conn *conn);
void conn_flush(struct fc_conn *conn);
void conn_read(struct fc_conn *conn);
/** Before anything is put into the loop's input: another connection gives it up. */
void conn_claim_input(struct fc_conn *conn);

/** The last answer has gone: take the next request, or linger. */
void conn_answer_done(struct fc_conn *conn);

/** No more will be sent: end our direction, and wait for the peer to end its own. */
void conn_linger(struct fc_conn *conn);

/** Set what the socket is watched for, from the state and what is blocked. */
void conn_update_watch(struct fc_conn *conn);

/** Read into room; -1: nothing now, 0: end or error, else the size. */
long conn_receive(struct fc_conn *conn, struct fc_space room);
/** The same into parts, one after the other. */
long conn_receive_parts(struct fc_conn *conn, const struct fc_space *parts, uint32_t count);

/** Write once; false when the socket takes no more, or is broken. */
bool conn_transmit(struct fc_conn *conn, const struct iovec *iov, int count, size_t *size);

/** Whether anything that was queued is still on this side, a part of a TLS record included. */
bool conn_has_unsent(const struct fc_conn *conn);

/** Go on with TLS; enters the next state when it is agreed. */
void conn_secure(struct fc_conn *conn);

/** Make the engine. Errors: false without memory. */
bool conn_ws_begin(struct fc_conn *conn, const struct fc_deflate *deflate);
/** The opening handshake is done: tell the application. */
void conn_ws_opened(struct fc_conn *conn);
/** Move what the engine wants sent into the outbox, and end what is done. */
void conn_ws_drain(struct fc_conn *conn);
/** Bytes to the engine, events to the application; false once the connection is over. */
bool conn_ws_input(struct fc_conn *conn, struct fc_bytes bytes);
bool conn_ws_events(struct fc_conn *conn);

/** Answer an error as JSON and close; also before there is a request. */
void conn_respond_error(struct fc_conn *conn, int status, const char *error, const char *hint);

/** Client: say hello, to the proxy or the server; hear the answer. */
void conn_hello_begin(struct fc_conn *conn);
void conn_hello_answered(struct fc_conn *conn, const struct fc_http_response *response);

/** Client: give the attempt up; why is a sentence. is_final: the next one would end alike. */
void conn_refuse(struct fc_conn *conn, const char *why, bool is_final);
/** The same, with the reason that TLS gives. */
void conn_refuse_tls(struct fc_conn *conn);

/** Whether messages may be queued. */
static inline bool conn_can_send(const struct fc_conn *conn)
{
    return conn->state == CONN_STREAM || (conn->state == CONN_WEBSOCKET && fc_ws_is_open(conn->ws));
}

/** Note before the application is called, for fc_loop_options.slow. */
static inline void conn_doing(struct fc_conn *conn, const char *what)
{
    conn->loop->doing = what;
}

/** group.c: leave all groups. */
void conn_leave_groups(struct fc_conn *conn);

#endif
