/* SPDX-License-Identifier: MIT */
#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define WHY_SIZE 512
#define ATTEMPT_MS 3000 /* then the next address is tried, if there is one */

/*
 * Lives until its handles have closed and the lookup has come back, which cannot be stopped once it
 * runs: is_over is what the rest of the world goes by.
 */
struct dial {
    struct fc_loop *loop;  /* borrowed */
    const struct url *url; /* borrowed until it is over */
    dial_done_fn *done;
    void *ctx;
    uv_getaddrinfo_t lookup;
    struct addrinfo *found; /* owned; NULL: there is nothing to be freed */
    const struct addrinfo *next;
    uv_poll_t poll;
    uv_timer_t timer; /* begins the dial in a turn of its own, then bounds each attempt */
    int fd;           /* owned; -1: none */
    int busy;         /* handles and requests that have not ended */
    bool has_poll;
    bool is_over;
    char why[WHY_SIZE]; /* of the newest failure */
};

static void release(struct dial *dial)
{
    if (--dial->busy > 0) {
        return;
    }
    if (dial->found) {
        uv_freeaddrinfo(dial->found);
    }
    free(dial);
}

static void on_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void drop_poll(struct dial *dial)
{
    if (dial->has_poll) {
        dial->has_poll = false;
        uv_close((uv_handle_t *)&dial->poll, on_handle_closed);
    }
}

static void end(struct dial *dial)
{
    dial->is_over = true;
    drop_poll(dial);
    if (dial->fd >= 0) {
        close(dial->fd);
        dial->fd = -1;
    }
    (void)uv_cancel((uv_req_t *)&dial->lookup); /* if it has not begun; else it comes back */
    uv_close((uv_handle_t *)&dial->timer, on_handle_closed);
}

void dial_cancel(struct dial **dial)
{
    struct dial *d = *dial;
    *dial = NULL;
    if (d) {
        end(d);
    }
}

static void finish(struct dial *dial, int fd)
{
    dial->fd = -1;
    dial->busy++; /* done() may look at why */
    end(dial);
    dial->done(dial->ctx, fd, fd < 0 ? dial->why : NULL);
    release(dial);
}

static void try_next(struct dial *dial);

static void attempt_failed(struct dial *dial, int err)
{
    const struct url *url = dial->url;
    snprintf(dial->why, sizeof(dial->why), "cannot connect to %s: %s",
             url->is_unix ? url->socket : url->authority, strerror(err));
    drop_poll(dial);
    close(dial->fd);
    dial->fd = -1;
    (void)uv_timer_stop(&dial->timer);
}

static void on_connected(uv_poll_t *poll, int status, int events)
{
    struct dial *dial = poll->data;
    int err = 0;
    socklen_t size = sizeof(err);
    (void)events;
    loop_clock(dial->loop, "net");
    if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0) {
        err = errno;
    }
    err = err ? err : -status; /* libuv only says that something is wrong */
    if (err) {
        attempt_failed(dial, err);
        try_next(dial);
        return;
    }
    drop_poll(dial);
    finish(dial, dial->fd);
}

static void on_attempt_timeout(uv_timer_t *timer)
{
    struct dial *dial = timer->data;
    loop_clock(dial->loop, "net");
    attempt_failed(dial, ETIMEDOUT);
    try_next(dial);
}

/* Wait for a socket that is connecting. Errors: -errno. */
static int await(struct dial *dial)
{
    /* a handle takes a turn to close: the one before may not be reused, so an attempt that follows
       another begins in the turn after it, and finds has_poll false and busy at 1 */
    const int err = uv_poll_init(&dial->loop->uv, &dial->poll, dial->fd);
    if (err) {
        return err;
    }
    dial->has_poll = true;
    dial->busy++;
    dial->poll.data = dial;
    (void)uv_poll_start(&dial->poll, UV_WRITABLE, on_connected);
    return uv_timer_start(&dial->timer, on_attempt_timeout, ATTEMPT_MS, 0);
}

/* Begin to connect. Errors: -errno. */
static int attempt(struct dial *dial, const struct sockaddr *address, socklen_t size)
{
    const int family = address->sa_family;
    dial->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dial->fd < 0) {
        return -errno;
    }
    if (family != AF_UNIX) {
        const int on = 1;
        (void)setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (connect(dial->fd, address, size) != 0 && errno != EINPROGRESS) {
        return -errno;
    }
    return await(dial);
}

static void on_turn(uv_timer_t *timer)
{
    try_next(timer->data);
}

static void try_next(struct dial *dial)
{
    while (dial->next) {
        if (dial->busy > 1) { /* the handle of the attempt before has not closed */
            (void)uv_timer_start(&dial->timer, on_turn, 0, 0);
            return;
        }
        const struct addrinfo *at = dial->next;
        dial->next = at->ai_next;
        const int err = attempt(dial, at->ai_addr, at->ai_addrlen);
        if (!err) {
            return;
        }
        attempt_failed(dial, -err);
    }
    finish(dial, -1);
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct dial *dial = lookup->data;
    dial->found = found;
    dial->busy--; /* never the last: the timer is still there, or closing */
    if (dial->is_over) {
        if (dial->busy == 0) {
            dial->busy = 1;
            release(dial);
        }
        return;
    }
    loop_clock(dial->loop, "net");
    if (status < 0) {
        snprintf(dial->why, sizeof(dial->why), "cannot look up '%.200s': %s", dial->url->host,
                 uv_strerror(status));
    }
    dial->next = found;
    try_next(dial);
}

static void look_up(struct dial *dial)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV,
    };
    const int err = uv_getaddrinfo(&dial->loop->uv, &dial->lookup, on_looked_up, dial->url->host,
                                   dial->url->port, &hints);
    if (err) {
        snprintf(dial->why, sizeof(dial->why), "cannot look up '%.200s': %s", dial->url->host,
                 uv_strerror(err));
        finish(dial, -1);
        return;
    }
    dial->busy++;
}

/* A Unix socket is the only address of its name. */
static void dial_unix(struct dial *dial)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    memcpy(local.sun_path, dial->url->socket, sizeof(local.sun_path));
    const int err = attempt(dial, (const struct sockaddr *)&local, sizeof(local));
    if (err) {
        attempt_failed(dial, -err);
        finish(dial, -1);
    }
}

static void on_begin(uv_timer_t *timer)
{
    struct dial *dial = timer->data;
    loop_clock(dial->loop, "net");
    if (dial->url->is_unix) {
        dial_unix(dial);
    } else {
        look_up(dial);
    }
}

struct dial *dial_start(struct fc_loop *loop, const struct url *url, dial_done_fn *done, void *ctx)
{
    struct dial *dial = calloc(1, sizeof(*dial));
    if (!dial) {
        return NULL;
    }
    dial->loop = loop;
    dial->url = url;
    dial->done = done;
    dial->ctx = ctx;
    dial->fd = -1;
    dial->busy = 1;
    dial->timer.data = dial->lookup.data = dial;
    (void)uv_timer_init(&loop->uv, &dial->timer);
    (void)uv_timer_start(&dial->timer, on_begin, 0, 0);
    return dial;
}
