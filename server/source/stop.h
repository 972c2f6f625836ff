/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_STOP_H
#define SOURCE_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>

/*
 * The wish that a source's thread ends, and the one way for that thread to wait: for a time, for a
 * descriptor, or for the wish, whichever comes first. Nobody sleeps to look whether it has come.
 */

struct stop {
    _Atomic bool is_set; /* for those who cannot wait, as between two pieces of work */
    int fd;              /* eventfd; readable while set */
};

enum stop_wake {
    STOP_WAKE_STOPPED,
    STOP_WAKE_READY, /* the descriptor can be read, or is in error */
    STOP_WAKE_TIME,
};

/** Errors: -errno. */
FC_NODISCARD int stop_init(struct stop *stop);
void stop_fini(struct stop *stop);

void stop_set(struct stop *stop);          /* Threads: any. */
void stop_clear(struct stop *stop);        /* Threads: with nobody waiting. */
bool stop_is_set(const struct stop *stop); /* Threads: any. */

/** Wait. fd -1: none; until_ns: steady clock. Threads: any. */
enum stop_wake stop_wait(const struct stop *stop, int fd, int64_t until_ns);

#endif
