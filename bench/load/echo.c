/* SPDX-License-Identifier: MIT */
/*
 * Round trips. Without a rate, every connection keeps DEPTH messages on the way and sends the next
 * when one is answered. With a rate, messages are due at fixed times, whatever the answers do, and
 * a round trip is counted from when its message was due: a server that stops for a while is charged
 * with all that should have been sent meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "process.h"
#include "samples.h"

#define EVENTS_MAX 256
#define OPEN_DEPTH 65536 /* on the way per connection, with a rate: then the schedule waits */

struct caller {
    int fd;
    struct reader reader;
    int64_t *due_ns; /* a ring of depth: when each message on the way was due */
    uint64_t asked;
    uint64_t answered;
    uint64_t to_send;  /* bytes of what was asked that the socket has not taken */
    size_t offset;     /* in the block */
    bool awaits_space; /* epoll looks for space too */
};

struct echo {
    const struct load *load;
    struct caller *callers;
    unsigned long depth;
    struct block block;
    int epoll;
    bool is_asking;
    int64_t measured_from_ns; /* messages due before are not counted */
    uint64_t answered;        /* of those that are */
    uint64_t on_the_way;
    struct samples samples;
    int64_t period_ns, next_ns; /* with a rate */
    int next_caller;
};

static uint8_t buffer[TRANSFER_BYTES];

static void watch(struct echo *echo, struct caller *caller, bool awaits_space)
{
    if (caller->awaits_space != awaits_space) {
        struct epoll_event event = { .events = EPOLLIN | (awaits_space ? EPOLLOUT : 0),
                                     .data.ptr = caller };
        if (epoll_ctl(echo->epoll, EPOLL_CTL_MOD, caller->fd, &event) < 0) {
            die("epoll_ctl", strerror(errno));
        }
        caller->awaits_space = awaits_space;
    }
}

static void flush(struct echo *echo, struct caller *caller)
{
    while (caller->to_send > 0) {
        size_t size = echo->block.size - caller->offset;
        if (size > caller->to_send) {
            size = (size_t)caller->to_send;
        }
        const ssize_t sent =
            send(caller->fd, echo->block.data + caller->offset, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                die("sending", strerror(errno));
            }
            break;
        }
        caller->to_send -= (size_t)sent;
        caller->offset = (caller->offset + (size_t)sent) % echo->block.size;
    }
    watch(echo, caller, caller->to_send > 0);
}

static void ask(struct echo *echo, struct caller *caller, int64_t due_ns)
{
    caller->due_ns[caller->asked++ % echo->depth] = due_ns;
    caller->to_send += echo->block.frame_size;
    echo->on_the_way++;
}

static void answered(struct echo *echo, struct caller *caller, int64_t now)
{
    const int64_t due = caller->due_ns[caller->answered++ % echo->depth];
    echo->on_the_way--;
    if (due >= echo->measured_from_ns) {
        samples_add(&echo->samples, now - due);
        echo->answered++;
    }
}

static void take(struct echo *echo, struct caller *caller)
{
    const ssize_t got = recv(caller->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        die("receiving", got == 0 ? "the server closed a connection" : strerror(errno));
    }
    if (got <= 0) {
        return;
    }
    reader_feed(&caller->reader, buffer, (size_t)got);
    const int64_t now = now_ns();
    while (caller->answered < caller->reader.messages) {
        if (caller->answered == caller->asked) {
            die("the server", "it answered what was not asked");
        }
        answered(echo, caller, now);
        if (echo->is_asking && echo->period_ns == 0) {
            ask(echo, caller, now);
        }
    }
}

/* Sends what is due; returns the nanoseconds until the next is. */
static int64_t keep_schedule(struct echo *echo)
{
    int64_t now = now_ns();
    while (echo->is_asking && echo->next_ns <= now) {
        struct caller *caller = &echo->callers[echo->next_caller];
        if (caller->asked - caller->answered == echo->depth) {
            return 1000000; /* stays due */
        }
        ask(echo, caller, echo->next_ns);
        flush(echo, caller);
        echo->next_ns += echo->period_ns;
        echo->next_caller = (echo->next_caller + 1) % echo->load->connections;
        now = now_ns();
    }
    return echo->is_asking ? echo->next_ns - now : 100000000;
}

static void turn(struct echo *echo)
{
    struct epoll_event events[EVENTS_MAX];
    const int64_t wait = echo->period_ns > 0 ? keep_schedule(echo) : 100000000;
    const struct timespec timeout = { .tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000 };
    const int count = epoll_pwait2(echo->epoll, events, EVENTS_MAX, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        struct caller *caller = events[i].data.ptr;
        take(echo, caller);
        flush(echo, caller);
    }
}

static void run_until(struct echo *echo, int64_t end_ns)
{
    while (now_ns() < end_ns) {
        turn(echo);
    }
}

static void echo_open(struct echo *echo)
{
    const struct load *load = echo->load;
    echo->depth = load->rate_hz > 0 ? OPEN_DEPTH : load->depth;
    echo->epoll = epoll_create1(EPOLL_CLOEXEC);
    echo->callers = calloc((size_t)load->connections, sizeof(*echo->callers));
    if (!echo->callers || echo->epoll < 0) {
        die("connections", strerror(errno));
    }
    for (int i = 0; i < load->connections; i++) {
        struct caller *caller = &echo->callers[i];
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = caller };
        caller->fd = link_open(load, i);
        caller->reader = (struct reader){ .message_size = load->size, .is_raw = load->is_raw };
        caller->due_ns = calloc(echo->depth, sizeof(*caller->due_ns));
        if (!caller->due_ns || epoll_ctl(echo->epoll, EPOLL_CTL_ADD, caller->fd, &event) < 0) {
            die("connections", strerror(errno));
        }
    }
}

static void echo_begin(struct echo *echo)
{
    echo->is_asking = true;
    if (echo->load->rate_hz > 0) {
        echo->period_ns = (int64_t)(1e9 / echo->load->rate_hz);
        echo->next_ns = now_ns();
        return;
    }
    for (int i = 0; i < echo->load->connections; i++) {
        for (unsigned long k = 0; k < echo->depth; k++) {
            ask(echo, &echo->callers[i], now_ns());
        }
        flush(echo, &echo->callers[i]);
    }
}

static void echo_close(struct echo *echo)
{
    for (int i = 0; i < echo->load->connections; i++) {
        close(echo->callers[i].fd);
        free(echo->callers[i].due_ns);
    }
    free(echo->callers);
    free(echo->block.data);
    close(echo->epoll);
}

void echo_run(const struct load *load, struct result *result)
{
    struct echo echo = { .load = load, .block = block_make(load), .measured_from_ns = INT64_MAX };
    echo_open(&echo);
    echo_begin(&echo);
    run_until(&echo, now_ns() + (int64_t)(load->warm_s * 1e9));

    const int64_t cpu = process_cpu_ns(load->pid);
    const int64_t began = now_ns();
    echo.measured_from_ns = began;
    run_until(&echo, began + (int64_t)(load->measured_s * 1e9));
    result->messages = echo.answered;
    result->wall_s = (double)(now_ns() - began) / 1e9;
    result->cpu_s = (double)(process_cpu_ns(load->pid) - cpu) / 1e9;
    result->bytes = result->messages * load->size;

    echo.is_asking = false;
    while (echo.on_the_way > 0) { /* the late ones count */
        turn(&echo);
    }
    samples_report(&echo.samples, result);
    echo_close(&echo);
}
