/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_LOOP_H
#define FRAMECAST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>

/* One event loop on one thread. A server makes them. */

FC_BEGIN

struct fc_loop; /* Threads: its own, but for fc_loop_post(). */

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

/** What the handler's loop_open returned. */
FC_API void *fc_loop_user(const struct fc_loop *loop);

/** Nanoseconds of the steady clock, read when the loop began what it is doing. */
FC_API int64_t fc_loop_now(const struct fc_loop *loop);

/** 0 for the first loop of a server, and so on. */
FC_API uint32_t fc_loop_index(const struct fc_loop *loop);

FC_END

#endif
