/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_PROCESS_H
#define PREDICT_WORKER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <framecast/attr.h>

#define WORKER_SHM_FD 3 /* in the worker */
#define WORKER_SHM_VARIABLE "FRAMECAST_SHM_FD"

/*
 * A command that runs by /bin/sh, as the leader of a process group of its own, with pipes for its
 * standard input, output and error, and one descriptor more. It inherits nothing else: no other
 * descriptor, no blocked or ignored signal.
 *
 * Our ends of the pipes do not block. Writing to one whose reader is gone raises SIGPIPE, so the
 * calling thread has it blocked, as every predictor thread does.
 *
 * The leader is reaped by worker_process_reap() alone. Until then its number cannot come to belong
 * to somebody else, and so signals reach this group or nobody. Threads: one at a time.
 */
struct worker_process {
    pid_t pid;        /* of the leader, and of its group; 0: none */
    int pidfd;        /* readable once the leader has ended */
    int in, out, err; /* our ends of its pipes; -1: closed */
};

#define WORKER_PROCESS_NONE ((struct worker_process){ 0, -1, -1, -1, -1 })

/** Start one. Errors: -errno, and nothing runs. */
FC_NODISCARD int worker_process_open(struct worker_process *process, const char *command,
                                     int shm_fd);

/** Send a signal to the whole group. */
void worker_process_signal(const struct worker_process *process, int signal);

/** Close a descriptor of it, by its address, and set it to -1. */
void worker_process_close_fd(int *fd);

/** How the leader has ended, as in "ended with status 1"; false, nothing written, if it runs. */
bool worker_process_end_text(const struct worker_process *process, char *text, size_t size);

/** Kill what is left of the group, wait for the leader, close everything. Ignores none. */
void worker_process_reap(struct worker_process *process);

#endif
