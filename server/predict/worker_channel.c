/* SPDX-License-Identifier: MIT */
#include "predict/worker_channel.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define ERROR_LINE_MAX 400         /* of standard error; longer ones become several */
#define GRACE_NS (1 * NS_PER_S)    /* after the end of its input, and again after SIGTERM */
#define DYING_NS (200 * NS_PER_MS) /* from the end of its output to its own */
#define STOP_NS (500 * NS_PER_MS)  /* for the picture in hand, when we are to stop */
#define READS_MAX 64               /* of standard error, one after another */

enum { FD_OUT, FD_ERR, FD_PROCESS, FD_STOP, FD_IN, FD_COUNT };

static void error_line_log(struct worker_channel *channel, char *line, size_t size)
{
    uint64_t left_out = 0;
    if (size == 0 || !quota_take(channel->quota, clock_steady_ns(), &left_out)) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        line[i] = line[i] == '"' || line[i] == '\0' ? '\'' : line[i];
    }
    if (left_out > 0) {
        log_warn("worker", "lines of standard error left out stream=%s name=\"%s\" count=%" PRIu64,
                 channel->stream, channel->name, left_out);
    }
    log_info("worker", "standard error stream=%s name=\"%s\" text=\"%s\"", channel->stream,
             channel->name, line);
}

/* Pass on what is there. */
static void error_pump(struct worker_channel *channel)
{
    int err = 0;
    for (int i = 0; i < READS_MAX && !err && channel->process.err >= 0; i++) {
        size_t size = 0;
        char *line;
        err = worker_lines_fill(&channel->err, channel->process.err);
        while ((line = worker_lines_next(&channel->err, &size))) {
            error_line_log(channel, line, size);
        }
        if (err && err != -EAGAIN) { /* the end, or a line too long */
            line = worker_lines_rest(&channel->err, &size);
            if (line) {
                error_line_log(channel, line, size);
            }
        }
        if (err == -EMSGSIZE) {
            err = 0;
        } else if (err && err != -EAGAIN) {
            worker_process_close_fd(&channel->process.err);
        }
    }
}

int worker_channel_fail(struct worker_channel *channel, const char *format, ...)
{
    if (!channel->why[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(channel->why, sizeof(channel->why), format, args);
        va_end(args);
    }
    return -EPIPE;
}

/* Milliseconds until then, rounded up, for poll(). */
static int poll_ms(int64_t until_ns)
{
    const int64_t left_ns = until_ns - clock_steady_ns();
    const int64_t ms = left_ns <= 0 ? 0 : (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms > 60000 ? 60000 : (int)ms;
}

/* It has ended, or closed what it should not have: say how. */
static int fail_as_ended(struct worker_channel *channel, const char *otherwise)
{
    struct pollfd fd = { .fd = channel->process.pidfd, .events = POLLIN };
    (void)poll(&fd, 1, (int)(DYING_NS / NS_PER_MS));
    error_pump(channel); /* its last words */
    char text[96];
    if (worker_process_end_text(&channel->process, text, sizeof(text))) {
        return worker_channel_fail(channel, "it %s", text);
    }
    return worker_channel_fail(channel, "it %s", otherwise);
}

/* The time that an answer is waited for is over; a reason to stop makes it shorter. */
static bool is_late(const struct worker_channel *channel, int64_t until_ns)
{
    const int64_t now_ns = clock_steady_ns();
    return now_ns >= until_ns || (channel->stop_ns && now_ns >= channel->stop_ns);
}

static int fail_as_late(struct worker_channel *channel)
{
    return worker_channel_fail(channel, channel->stop_ns ? "it was busy when we were to stop"
                                                         : "it did not answer in time");
}

/* Wait for its output (or room in its input, with FD_IN), passing on its errors meanwhile. */
static int wait_for(struct worker_channel *channel, int wanted, int64_t until_ns)
{
    const struct worker_process *process = &channel->process;
    while (!is_late(channel, until_ns)) {
        const int64_t stop_ns = channel->stop_ns ? channel->stop_ns : until_ns;
        struct pollfd fds[FD_COUNT] = {
            [FD_OUT] = { .fd = wanted == FD_OUT ? process->out : -1, .events = POLLIN },
            [FD_ERR] = { .fd = process->err, .events = POLLIN },
            [FD_PROCESS] = { .fd = process->pidfd, .events = POLLIN },
            [FD_STOP] = { .fd = channel->stop_fd, .events = POLLIN },
            [FD_IN] = { .fd = wanted == FD_IN ? process->in : -1, .events = POLLOUT },
        };
        if (poll(fds, FD_COUNT, poll_ms(stop_ns < until_ns ? stop_ns : until_ns)) < 0) {
            continue; /* a signal */
        }
        if (fds[FD_ERR].revents) {
            error_pump(channel);
        }
        if (fds[wanted].revents) {
            return 0;
        }
        if (fds[FD_PROCESS].revents) {
            return fail_as_ended(channel, "ended");
        }
        if (fds[FD_STOP].revents) {
            channel->stop_fd = -1;
            channel->stop_ns = clock_steady_ns() + STOP_NS;
        }
    }
    return fail_as_late(channel);
}

static bool has_output(const struct worker_channel *channel)
{
    struct pollfd fd = { .fd = channel->process.out, .events = POLLIN };
    return poll(&fd, 1, 0) > 0 && fd.revents & POLLIN;
}

int worker_channel_send(struct worker_channel *channel, const char *line, size_t size,
                        int64_t until_ns)
{
    assert(size > 0 && line[size - 1] == '\n');
    while (size > 0) {
        const ssize_t written = write(channel->process.in, line, size);
        if (written >= 0) {
            line += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            const int err = wait_for(channel, FD_IN, until_ns);
            if (err) {
                return err;
            }
        } else if (errno != EINTR) {
            /* It may have said why before it left: that is read first. */
            return has_output(channel) ? 0 : fail_as_ended(channel, "closed its standard input");
        }
    }
    return 0;
}

int worker_channel_receive(struct worker_channel *channel, int64_t until_ns, char **line,
                           size_t *size)
{
    while (!(*line = worker_lines_next(&channel->out, size))) {
        int err = wait_for(channel, FD_OUT, until_ns);
        if (err) {
            return err;
        }
        err = worker_lines_fill(&channel->out, channel->process.out);
        if (err == -EMSGSIZE) {
            return worker_channel_fail(channel, "it wrote a line of more than %d bytes",
                                       WORKER_LINE_MAX);
        }
        if (err && err != -EAGAIN) {
            return fail_as_ended(channel, "closed its standard output");
        }
    }
    return 0;
}

int worker_channel_open(struct worker_channel *channel,
                        const struct worker_channel_options *options)
{
    *channel = (struct worker_channel){
        .process = WORKER_PROCESS_NONE,
        .stop_fd = options->stop_fd,
        .quota = options->quota,
        .stream = options->stream,
        .name = "exec",
    };
    int err = worker_lines_init(&channel->out, WORKER_LINE_MAX);
    err = err ? err : worker_lines_init(&channel->err, ERROR_LINE_MAX);
    err = err ? err : worker_process_open(&channel->process, options->command, options->shm_fd);
    if (err) {
        (void)worker_channel_fail(channel, "it cannot be started: %s", strerror(-err));
    }
    return err;
}

/* Whether the leader has ended by then. Its errors are passed on. */
static bool wait_for_end(struct worker_channel *channel, int64_t until_ns)
{
    bool has_ended = false;
    do {
        struct pollfd fds[] = {
            { .fd = channel->process.pidfd, .events = POLLIN },
            { .fd = channel->process.err, .events = POLLIN },
        };
        if (poll(fds, 2, poll_ms(until_ns)) > 0) {
            error_pump(channel);
            has_ended = fds[0].revents;
        }
    } while (!has_ended && clock_steady_ns() < until_ns);
    return has_ended;
}

void worker_channel_close(struct worker_channel *channel)
{
    struct worker_process *process = &channel->process;
    worker_process_close_fd(&process->in);
    worker_process_close_fd(&process->out); /* one that waits to write is not to wait for ever */
    if (process->pid > 0 && !channel->why[0] &&
        !wait_for_end(channel, clock_steady_ns() + GRACE_NS)) {
        worker_process_signal(process, SIGTERM);
        (void)wait_for_end(channel, clock_steady_ns() + GRACE_NS);
    }
    if (process->err >= 0) {
        worker_process_signal(process, SIGKILL);
        error_pump(channel);
    }
    worker_process_reap(process);
    worker_lines_fini(&channel->out);
    worker_lines_fini(&channel->err);
}
