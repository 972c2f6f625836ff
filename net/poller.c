/* SPDX-License-Identifier: MIT */
#include "net/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct poller {
    int fd;
    struct epoll_event events[POLLER_EVENTS_MAX];
};

int poller_open(struct poller **out, int other)
{
    struct poller *poller = malloc(sizeof(*poller));
    if (!poller) {
        return -ENOMEM;
    }
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->fd < 0 || epoll_ctl(poller->fd, EPOLL_CTL_ADD, other, &event) != 0) {
        const int err = -errno;
        poller_close(&poller);
        return err;
    }
    *out = poller;
    return 0;
}

void poller_close(struct poller **poller)
{
    struct poller *p = *poller;
    *poller = NULL;
    if (p && p->fd >= 0) {
        close(p->fd);
    }
    free(p);
}

bool poller_wait(struct poller *poller, int timeout_ms, poller_ready_fn *ready, void *ctx)
{
    bool is_other_ready = false;
    const int count = epoll_wait(poller->fd, poller->events, POLLER_EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        const struct epoll_event *event = &poller->events[i];
        if (event->data.ptr) {
            ready(ctx, event->data.ptr, event->events);
        } else {
            is_other_ready = true;
        }
    }
    return is_other_ready;
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
