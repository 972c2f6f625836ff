/* SPDX-License-Identifier: MIT */
/*
 * fanout: all connections receive; one of them says "go BURST", and again when every one has got
 * them all. Its durations are those of whole rounds. idle: the same after looking at what the many
 * connections cost while nothing moves.
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

#define EVENTS_MAX 512
#define SETTLE_MS 1000

struct receiver {
    int fd;
    struct reader reader;
};

struct fanout {
    const struct load *load;
    struct receiver *receivers;
    int epoll;
    uint64_t target; /* messages that every receiver is to have */
    int done_count;  /* receivers that have them */
};

static uint8_t buffer[TRANSFER_BYTES];

static struct fanout fanout_open(const struct load *load)
{
    struct fanout fanout = { .load = load, .epoll = epoll_create1(EPOLL_CLOEXEC) };
    fanout.receivers = calloc((size_t)load->connections, sizeof(*fanout.receivers));
    if (!fanout.receivers || fanout.epoll < 0) {
        die("connections", strerror(errno));
    }
    for (int i = 0; i < load->connections; i++) {
        struct receiver *receiver = &fanout.receivers[i];
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = receiver };
        receiver->fd = link_open(load, i);
        receiver->reader = (struct reader){ .message_size = load->size, .is_raw = load->is_raw };
        if (epoll_ctl(fanout.epoll, EPOLL_CTL_ADD, receiver->fd, &event) < 0) {
            die("epoll_ctl", strerror(errno));
        }
    }
    return fanout;
}

static void fanout_close(struct fanout *fanout)
{
    for (int i = 0; i < fanout->load->connections; i++) {
        close(fanout->receivers[i].fd);
    }
    close(fanout->epoll);
    free(fanout->receivers);
}

static void take(struct fanout *fanout, struct receiver *receiver)
{
    const ssize_t got = recv(receiver->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        die("receiving", got == 0 ? "the server closed a connection" : strerror(errno));
    }
    if (got > 0) {
        const bool was_done = receiver->reader.messages >= fanout->target;
        reader_feed(&receiver->reader, buffer, (size_t)got);
        if (!was_done && receiver->reader.messages >= fanout->target) {
            fanout->done_count++;
        }
    }
}

static void round_run(struct fanout *fanout)
{
    struct epoll_event events[EVENTS_MAX];
    fanout->target += fanout->load->burst;
    fanout->done_count = 0;
    link_send_go(fanout->load, fanout->receivers[0].fd, fanout->load->burst);
    while (fanout->done_count < fanout->load->connections) {
        const int count = epoll_wait(fanout->epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            take(fanout, events[i].data.ptr);
        }
    }
}

/* At least one round; returns how many. */
static uint64_t rounds_run(struct fanout *fanout, double seconds, struct samples *samples)
{
    const int64_t end = now_ns() + (int64_t)(seconds * 1e9);
    uint64_t rounds = 0;
    int64_t now = now_ns();
    do {
        const int64_t began = now;
        round_run(fanout);
        now = now_ns();
        samples_add(samples, now - began);
        rounds++;
    } while (now < end);
    return rounds;
}

static void measure(struct fanout *fanout, struct result *result)
{
    const struct load *load = fanout->load;
    struct samples samples = { 0 };
    if (load->warm_s > 0) {
        (void)rounds_run(fanout, load->warm_s, &samples);
        samples.count = 0;
    }
    const int64_t cpu = process_cpu_ns(load->pid);
    const int64_t began = now_ns();
    const uint64_t rounds = rounds_run(fanout, load->measured_s, &samples);
    result->wall_s = (double)(now_ns() - began) / 1e9;
    result->cpu_s = (double)(process_cpu_ns(load->pid) - cpu) / 1e9;
    result->messages = rounds * load->burst * (uint64_t)load->connections;
    result->bytes = result->messages * load->size;
    samples_report(&samples, result);
}

void fanout_run(const struct load *load, struct result *result)
{
    struct fanout fanout = fanout_open(load);
    measure(&fanout, result);
    fanout_close(&fanout);
}

/* A server may put its house in order once the last connection has come. */
static void settle(void)
{
    const struct timespec time = { .tv_sec = SETTLE_MS / 1000 };
    (void)nanosleep(&time, NULL);
}

void idle_run(const struct load *load, struct result *result)
{
    struct load first = *load;
    first.connections = 1;
    struct fanout warm = fanout_open(&first); /* what a first connection makes is not counted */
    round_run(&warm);
    fanout_close(&warm);

    const int64_t before = process_rss_bytes(load->pid);
    struct fanout fanout = fanout_open(load);
    settle();
    result->rss_bytes_each =
        (double)(process_rss_bytes(load->pid) - before) / (double)load->connections;
    measure(&fanout, result);
    fanout_close(&fanout);
}
