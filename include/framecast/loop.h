/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_LOOP_H
#define FRAMECAST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/error.h>

/*
 * One event loop on one thread. A server makes its own; a program of clients makes one.
 *
 * Everything that happens, happens on the loop's thread, one thing after the other. Whatever takes
 * long belongs on an executor (executor.h).
 */

FC_BEGIN

struct fc_loop;  /* Threads: its own, but for fc_loop_post() and fc_loop_stop(). */
struct fc_timer; /* Threads: its loop's. */
struct fc_deflater;

/** Zero means the default. */
struct fc_loop_options {
    void *user;                              /* fc_loop_user() */
    bool handles_signals;                    /* SIGINT and SIGTERM are fc_loop_stop(), or: */
    void (*signalled)(struct fc_loop *loop); /* what they are instead; NULL: fc_loop_stop() */
    int64_t stop_timeout_ns; /* from fc_loop_stop() until connections are cut off; 0: 4 s */
    /* A handler or a task held the loop, and everybody on it, for over 100 ms. Called after it;
       what is its name, static. NULL: nobody is told. */
    void (*slow)(struct fc_loop *loop, const char *what, int64_t duration_ns);
};

/**
 * Make a loop; options may be NULL. Errors: -errno with a sentence. Ownership: gives. Threads: any;
 * the loop's thread is the one that runs it.
 */
FC_API FC_NODISCARD int fc_loop_new(struct fc_loop **out, const struct fc_loop_options *options,
                                    struct fc_error *error);

/** Run until fc_loop_stop(), then until every connection on it has gone. */
FC_API void fc_loop_run(struct fc_loop *loop);

/** Have the loop end: its connections close with 1001, and fc_loop_run() returns. Threads: any. */
FC_API void fc_loop_stop(struct fc_loop *loop);

/** Release a loop that does not run and set the pointer to NULL. Ignores NULL. */
FC_API void fc_loop_free(struct fc_loop **loop);

/** Something to do on a loop's thread; embedded in something larger. */
struct fc_task {
    void (*run)(struct fc_task *task);
    struct fc_task *next; /* the loop's, as is the next */
    bool is_waiting;
};

/**
 * Have a task run on the loop's thread, soon. One that waits already is not posted twice: it will
 * run once, after this call.
 *
 * Errors:    false when the loop has ended: run() will not be called.
 * Ownership: borrows task until run() is called, which happens even when the loop ends first.
 * Threads:   any.
 */
FC_API bool fc_loop_post(struct fc_loop *loop, struct fc_task *task);

/**
 * Make a timer that does not run yet. A loop that ends stops its timers; they are still to be
 * freed, before the loop is.
 *
 * Errors:    NULL without memory, or when the loop has ended.
 * Ownership: gives; borrows ctx.
 */
FC_API FC_NODISCARD struct fc_timer *fc_timer_new(struct fc_loop *loop,
                                                  void (*run)(struct fc_timer *timer, void *ctx),
                                                  void *ctx);

/** Start it, anew if it runs: once after delay_ns, then every repeat_ns; 0: only once. */
FC_API void fc_timer_start(struct fc_timer *timer, int64_t delay_ns, int64_t repeat_ns);

/** Stop it; run() is not called any more. */
FC_API void fc_timer_stop(struct fc_timer *timer);

/** Release it, also from its own run(), and set the pointer to NULL. Ignores NULL. */
FC_API void fc_timer_free(struct fc_timer **timer);

/**
 * The deflater that what is sent on this loop is compressed with, for fc_message_options.deflater.
 * Errors: NULL without memory. Borrowed for the loop's life, on its thread.
 */
FC_API struct fc_deflater *fc_loop_deflater(struct fc_loop *loop);

/** fc_loop_options.user, or what a server's loop_open() returned. */
FC_API void *fc_loop_user(const struct fc_loop *loop);

/** Nanoseconds of the steady clock, read when the loop began what it is doing. */
FC_API int64_t fc_loop_now(const struct fc_loop *loop);

/** 0 for the first loop of a server, and so on. */
FC_API uint32_t fc_loop_index(const struct fc_loop *loop);

/** How late the loop is: what waits for its turn, waits about this long. */
struct fc_loop_lag {
    int64_t last_ns;  /* of the newest measurement; there are four a second */
    int64_t worst_ns; /* of all since the lag was last asked for */
    uint64_t slow;    /* turns of over 100 ms, since the beginning */
};

/** Tell the lag, and begin a new worst. Threads: any. */
FC_API void fc_loop_lag(struct fc_loop *loop, struct fc_loop_lag *out);

FC_END

#endif
