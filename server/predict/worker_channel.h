/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_CHANNEL_H
#define PREDICT_WORKER_CHANNEL_H

#include "base/quota.h"
#include "predict/worker_lines.h"
#include "predict/worker_process.h"

#define WORKER_LINE_MAX (1024 * 1024) /* of its standard output */
#define WORKER_NAME_SIZE 64
#define WORKER_WHY_SIZE 192

/*
 * A worker process to which lines are written and from which lines are read, never for longer than
 * told. While we wait for it, its standard error goes to the log; at other times it waits in the
 * pipe.
 *
 * The first failure sticks, with its reason. Threads: one at a time.
 */
struct worker_channel {
    struct worker_process process;
    struct worker_lines out, err;
    int stop_fd;                 /* readable once we are to stop; -1: none, or it has been seen */
    int64_t stop_ns;             /* wait no longer than this; 0: not stopping */
    struct quota *quota;         /* of lines in the log; borrowed */
    const char *stream;          /* for the log; borrowed */
    char name[WORKER_NAME_SIZE]; /* for the log */
    char why[WORKER_WHY_SIZE];   /* what failed, of the worker: "it ended with status 1" */
};

struct worker_channel_options {
    const char *command;
    int shm_fd;
    int stop_fd;
    struct quota *quota;
    const char *stream;
};

/** Start the process. Errors: -errno, with a sentence in channel->why. */
FC_NODISCARD int worker_channel_open(struct worker_channel *channel,
                                     const struct worker_channel_options *options);

/** Write a line, which comes with its end. Errors: -EPIPE, and why. */
FC_NODISCARD int worker_channel_send(struct worker_channel *channel, const char *line, size_t size,
                                     int64_t until_ns);

/**
 * Wait for a line.
 *
 * Errors:    -EPIPE, and why: it ended, was too slow, or what it wrote is no line.
 * Ownership: *line is borrowed until the next call, and may be written to.
 */
FC_NODISCARD int worker_channel_receive(struct worker_channel *channel, int64_t until_ns,
                                        char **line, size_t *size);

/** Fail for a reason of the caller's. Always -EPIPE. */
int worker_channel_fail(struct worker_channel *channel, const char *format, ...) FC_PRINTF(2, 3);

/**
 * End it: the end of its input, then SIGTERM, then SIGKILL, with some time between; SIGKILL at once
 * when it failed. Ignores what is not open.
 */
void worker_channel_close(struct worker_channel *channel);

#endif
