/* SPDX-License-Identifier: MIT */
/*
 * The application's timers. The object is freed once it was asked for and its handle, which closes
 * in a turn of its own, has gone; a loop that ends closes the handles that are left.
 */
#include <framecast/loop.h>

#include <stdlib.h>

#include "net/loop.h"

#define NS_PER_MS INT64_C(1000000)

struct fc_timer {
    struct loop_guest guest;
    struct fc_loop *loop; /* borrowed; NULL once it has been left */
    void (*run)(struct fc_timer *timer, void *ctx);
    void *ctx;
    uv_timer_t handle;
    bool is_handle_gone;
    bool is_freed;
};

static void on_handle_gone(uv_handle_t *handle)
{
    struct fc_timer *timer = handle->data;
    timer->is_handle_gone = true;
    if (timer->is_freed) {
        free(timer);
    }
}

static void leave(struct loop_guest *guest)
{
    struct fc_timer *timer = container_of(guest, struct fc_timer, guest);
    list_remove(&guest->link);
    timer->loop = NULL;
    uv_close((uv_handle_t *)&timer->handle, on_handle_gone);
}

static void on_timer(uv_timer_t *handle)
{
    struct fc_timer *timer = handle->data;
    loop_clock(timer->loop, "timer");
    timer->run(timer, timer->ctx);
}

struct fc_timer *fc_timer_new(struct fc_loop *loop, void (*run)(struct fc_timer *timer, void *ctx),
                              void *ctx)
{
    struct fc_timer *timer = loop->is_closed ? NULL : calloc(1, sizeof(*timer));
    if (!timer) {
        return NULL;
    }
    timer->guest.leave = leave;
    timer->loop = loop;
    timer->run = run;
    timer->ctx = ctx;
    timer->handle.data = timer;
    (void)uv_timer_init(&loop->uv, &timer->handle);
    list_append(&loop->guests, &timer->guest.link);
    return timer;
}

/* Up, so that a timer is never early. */
static uint64_t milliseconds(int64_t ns)
{
    return ns > 0 ? (uint64_t)((ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

void fc_timer_start(struct fc_timer *timer, int64_t delay_ns, int64_t repeat_ns)
{
    if (timer->loop) {
        uv_update_time(&timer->loop->uv);
        (void)uv_timer_start(&timer->handle, on_timer, milliseconds(delay_ns),
                             milliseconds(repeat_ns));
    }
}

void fc_timer_stop(struct fc_timer *timer)
{
    if (timer->loop) {
        (void)uv_timer_stop(&timer->handle);
    }
}

void fc_timer_free(struct fc_timer **timer)
{
    struct fc_timer *t = *timer;
    *timer = NULL;
    if (!t) {
        return;
    }
    t->is_freed = true;
    if (t->loop) {
        leave(&t->guest);
    } else if (t->is_handle_gone) {
        free(t);
    }
}
