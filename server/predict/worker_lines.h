/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_LINES_H
#define PREDICT_WORKER_LINES_H

#include <stddef.h>

#include <framecast/attr.h>

/*
 * Lines from a descriptor that does not block, in memory taken once. Threads: one at a time.
 */
struct worker_lines {
    char *data;
    size_t capacity;   /* the longest line, with its end */
    size_t begin, end; /* what was read and not yet given */
    size_t searched;   /* no line end before this */
};

/** Errors: -ENOMEM. */
FC_NODISCARD int worker_lines_init(struct worker_lines *lines, size_t line_max);
void worker_lines_fini(struct worker_lines *lines);

/**
 * The next whole line, without its end ("\n" or "\r\n") and with a zero; NULL if there is none.
 *
 * Ownership: borrowed until worker_lines_fill().
 */
char *worker_lines_next(struct worker_lines *lines, size_t *size);

/** What there is of a line that is not whole, or NULL; as worker_lines_next(). */
char *worker_lines_rest(struct worker_lines *lines, size_t *size);

/**
 * Read once.
 *
 * Errors:    -EAGAIN when there is nothing yet; -EPIPE at the end; -EMSGSIZE when a line is too
 *            long; another -errno of read().
 */
FC_NODISCARD int worker_lines_fill(struct worker_lines *lines, int fd);

#endif
