/* SPDX-License-Identifier: MIT */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdatomic.h>
#include <uv.h>

#include <framecast/loop.h>

#include "net/address.h"
#include "net/list.h"
#include "net/poller.h"

/*
 * One loop: its thread, its connections, its turn.
 *
 * A turn: tasks, timers and sockets make connections dirty; before the loop waits again every dirty
 * connection is flushed once, so that what a turn queued leaves together, and the dead are buried.
 */

#define LOOP_INPUT_BYTES (256 * 1024) /* one read; more would fall out of the cache */
#define LOOP_SWEEP_MS 250             /* how often deadlines are looked at */
#define LOOP_SLOW_NS INT64_C(100000000)
#define LOOP_GATE_MS 4 /* how often a picture that waits for an acknowledgement is */

/** What a server adds to a loop that it makes. All but ctx may be NULL. */
struct loop_observer {
    void *(*begun)(void *ctx, struct fc_loop *loop); /* gives the loop's user */
    void (*ended)(void *ctx, struct fc_loop *loop);
    void (*slow)(void *ctx, struct fc_loop *loop, const char *what, int64_t duration_ns);
    void *ctx;
};

/** Something on a loop that is no connection and must end with it: a timer, a client. */
struct loop_guest {
    struct list_link link;
    void (*leave)(struct loop_guest *guest); /* let go of the loop; removes the link */
};

struct fc_loop {
    uv_loop_t uv;
    struct fc_loop_options options; /* resolved */
    struct loop_observer observer;
    uint32_t index;
    void *user;
    _Atomic uint32_t refs; /* on the memory: the owner's, and one for each job that comes back */

    pthread_mutex_t lock; /* guards tasks, their own fields too, and is_closed */
    struct fc_task *tasks_first, **tasks_end;
    bool is_closed;
    uv_async_t wake;
    struct fc_task stop_task;

    uv_timer_t sweep;
    uv_timer_t gate;
    uv_signal_t signals[2]; /* SIGINT, SIGTERM */
    void (*signalled)(void *ctx);
    void *signalled_ctx;
    struct poller *poller; /* owned */

    struct list_link conns;  /* all */
    struct list_link dirty;  /* to be flushed this turn */
    struct list_link dead;   /* to be buried this turn */
    struct list_link gated;  /* whose next picture waits for an acknowledgement */
    struct list_link guests; /* struct loop_guest */
    _Atomic uint32_t conn_count;

    int64_t now_ns;
    const char *doing;            /* since now_ns, static; NULL: waiting */
    int64_t turn_ns;              /* when the turn began */
    int64_t sweep_ns;             /* when the last sweep was */
    int64_t stop_at_ns;           /* 0: running */
    uint32_t stop_batch;          /* connections told to go at each sweep while stopping */
    uint8_t *input;               /* LOOP_INPUT_BYTES, shared by all connections */
    struct fc_conn *input_holder; /* which may have part of a message there; NULL: none */
    struct fc_deflater *deflater; /* owned; shared likewise, made when first needed */
    struct fc_inflater *inflater;
    char peer[ADDRESS_TEXT_SIZE]; /* what fc_conn_peer() gave out last */

    /* looked at from anywhere, never waited for */
    _Atomic int64_t lag_last_ns, lag_worst_ns;
    _Atomic uint64_t slow_count;
};

/** Before the loop runs. */
void loop_observe(struct fc_loop *loop, uint32_t index, const struct loop_observer *observer);

/** Have SIGINT and SIGTERM call that. Errors: -errno. */
FC_NODISCARD int loop_catch_signals(struct fc_loop *loop, void (*signalled)(void *ctx), void *ctx);

/**
 * Keep the memory, so that fc_loop_post() stays harmless after fc_loop_free(), which is when a job
 * on an executor may well end. Threads: any.
 */
void loop_ref(struct fc_loop *loop);
void loop_unref(struct fc_loop *loop);

/** Begin to stop; on the loop's thread. */
void loop_begin_stop(struct fc_loop *loop);

/** Read the clock before something is done, and tell who took too long until now. NULL: waiting. */
void loop_clock(struct fc_loop *loop, const char *next);

/** A connection was opened or has gone. */
void loop_conn_added(struct fc_loop *loop);
void loop_conn_removed(struct fc_loop *loop);

/** Lent to engines; NULL without memory. */
struct fc_inflater *loop_inflater(struct fc_loop *loop);

/** Have the gate timer look at loop->gated. */
void loop_watch_gate(struct fc_loop *loop);

#endif
