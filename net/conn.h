/* SPDX-License-Identifier: MIT */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <uv.h>

#include <framecast/conn.h>

#include "net/list.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/peers.h"

/*
 * One accepted connection. Everything here is its loop's.
 *
 * conn.c        life: states, deadlines, the end
 * conn_read.c   bytes in: request heads, then WebSocket events
 * conn_write.c  bytes out: the outbox to the socket, the gate
 * conn_http.c   answers
 * conn_ws.c     WebSocket: accept, close, what the engine wants sent
 */

enum conn_state {
    CONN_HEAD,      /* a request head is awaited */
    CONN_ANSWER,    /* the application has the request */
    CONN_ANSWERED,  /* the whole answer is queued */
    CONN_STREAM,    /* an endless answer */
    CONN_WEBSOCKET, /* after the opening handshake */
    CONN_LINGER,    /* all was said; waiting for the client to hang up, so that it reads it all */
    CONN_DEAD,      /* nothing more is done with it; buried at the end of the turn */
    CONN_STATE_COUNT,
};

/* Bytes of a head that is not complete, or of what follows a request that is being answered. */
struct conn_input {
    size_t size, scanned;
    uint8_t data[FC_HTTP_HEAD_MAX_BYTES];
};

struct fc_conn {
    struct list_link link;    /* in loop->conns */
    struct list_link dirty;   /* in loop->dirty, or, dead, in loop->dead */
    struct list_link gated;   /* in loop->gated */
    struct fc_loop *loop;     /* borrowed */
    struct peer *peer;        /* owned place among its address's connections; NULL: not counted */
    void *user;               /* the application's */
    struct fc_ws *ws;         /* owned; NULL before the upgrade */
    struct conn_input *input; /* owned; NULL while there are no such bytes */
    struct outbox outbox;
    int64_t deadline_ns; /* of the state, INT64_MAX: none */
    int64_t progress_ns; /* when the peer last took something */
    uint64_t written;    /* bytes given to the kernel */
    uint64_t taken;      /* of those, acknowledged when last looked at */
    uv_poll_t poll;
    int fd; /* owned; -1 once closed */
    int poll_events;
    enum conn_state state; /* changed by conn_enter() alone */
    bool is_tcp;
    bool is_keep_alive;   /* another request may follow */
    bool is_head_request; /* HEAD: the answer has no content */
    bool is_http_1_0;     /* must be told that it may ask again */
    bool is_low_water;    /* gate_wake_when_sent() is on */
    bool is_blocked;      /* the kernel took less than it was given */
    bool is_told_to_stop;
    bool is_refused;      /* only there to hear why */
    bool has_close_frame; /* the outbox has, or had, our close frame */
};

/** A socket on its way to its loop. */
struct conn_arrival {
    int fd;
    bool is_tcp;
    struct peer *peer; /* NULL: not counted */
    int refused;       /* the status to be answered at once: 429, 503; 0: welcome */
};

/** Takes what the arrival has. */
void conn_open(struct fc_loop *loop, struct conn_arrival arrival);
void conn_enter(struct fc_conn *conn, enum conn_state next);

/**
 * End it, whatever waits. The application is told, and everything is released, by conn_bury() at
 * the end of the turn: so no call of the application's ends with what it holds being gone.
 */
void conn_kill(struct fc_conn *conn);
void conn_bury(struct fc_conn *conn);

/** As conn_kill(), for a peer that reads nothing: what the kernel still holds is thrown away. */
void conn_abort(struct fc_conn *conn);

/** Tell it to go, because the server stops. */
void conn_stop(struct fc_conn *conn);

/** Look at its deadlines; called a few times a second. */
void conn_tick(struct fc_conn *conn);

/** Have it flushed at the end of this turn. */
void conn_wants_flush(struct fc_conn *conn);
void conn_flush(struct fc_conn *conn);

void conn_read(struct fc_conn *conn);

/** The last answer has gone: take the next request, or linger. */
void conn_answer_done(struct fc_conn *conn);

/** Set what the socket is polled for, from the state and what is blocked. */
void conn_update_poll(struct fc_conn *conn);

/** Move what the engine wants sent into the outbox, and end what is done. */
void conn_ws_drain(struct fc_conn *conn);

/** Give bytes to the engine and its events to the application; false once the connection is over.
 */
bool conn_ws_input(struct fc_conn *conn, struct fc_bytes bytes);
bool conn_ws_events(struct fc_conn *conn);

/** Answer an error as JSON and close; also before there is a request. */
void conn_respond_error(struct fc_conn *conn, int status, const char *error, const char *hint);

#endif
