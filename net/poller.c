/* SPDX-License-Identifier: MIT */
#include "net/poller.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_ROUND 256
#define ROUNDS_PER_TURN 16 /* then timers and tasks have their turn */

struct poller {
    int fd;
    bool is_closed;
    struct poller_sink sink;
    uv_poll_t poll;
    struct epoll_event events[EVENTS_PER_ROUND];
};

static int round_of_events(struct poller *poller)
{
    const int count = epoll_wait(poller->fd, poller->events, EVENTS_PER_ROUND, 0);
    for (int i = 0; i < count; i++) {
        poller->sink.ready(poller->sink.ctx, poller->events[i].data.ptr, poller->events[i].events);
    }
    if (count > 0) {
        poller->sink.round_over(poller->sink.ctx);
    }
    return count;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct poller *poller = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ROUNDS_PER_TURN && !poller->is_closed && round_of_events(poller) > 0; i++) {
    }
}

int poller_open(struct poller **out, uv_loop_t *loop, const struct poller_sink *sink)
{
    struct poller *poller = calloc(1, sizeof(*poller));
    if (!poller) {
        return -ENOMEM;
    }
    poller->sink = *sink;
    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    int err = poller->fd < 0 ? -errno : uv_poll_init(loop, &poller->poll, poller->fd);
    if (err) {
        poller->is_closed = true;
        poller_free(&poller);
        return err;
    }
    poller->poll.data = poller;
    err = uv_poll_start(&poller->poll, UV_READABLE, on_ready);
    assert(err == 0);
    *out = poller;
    return 0;
}

void poller_close(struct poller *poller)
{
    poller->is_closed = true;
    uv_close((uv_handle_t *)&poller->poll, NULL);
}

void poller_free(struct poller **poller)
{
    struct poller *p = *poller;
    *poller = NULL;
    if (!p) {
        return;
    }
    assert(p->is_closed);
    if (p->fd >= 0) {
        close(p->fd);
    }
    free(p);
}

static int control(struct poller *poller, int operation, struct poll_watch *watch)
{
    struct epoll_event event = { .events = watch->events, .data.ptr = watch };
    return epoll_ctl(poller->fd, operation, watch->fd, &event) == 0 ? 0 : -errno;
}

/* The kernel tells the end of a connection even to who watches for nothing: such a watch is taken
 * out, or an application that takes its time with an answer would have the loop spin. */
int poller_watch(struct poller *poller, struct poll_watch *watch, uint32_t events)
{
    const uint32_t before = watch->events;
    if (before == events) {
        return 0;
    }
    watch->events = events;
    const int operation = before == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    const int err = control(poller, operation, watch);
    watch->events = err ? before : events;
    return err;
}
