/* SPDX-License-Identifier: MIT */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <framecast/attr.h>

/*
 * A fixed number of threads that run jobs in the order they were submitted.
 *
 * A job belongs to its submitter, who embeds it in something larger; it must not be submitted
 * again before its run() has begun, and its memory must live until run() returns. The queue has
 * no bound of its own because every submitter has at most one job waiting.
 */

struct pool; /* Threads: any. */

struct job {
    void (*run)(struct job *job); /* on a pool thread; may submit the same job again */
    struct job *next;             /* the pool's */
};

/** Start a pool. name is at most 11 characters; threads 0: one per processor. Errors: -errno. */
FC_NODISCARD int pool_new(struct pool **out, const char *name, unsigned threads);

/** Wait until every submitted job has run, end the threads, set *pool to NULL. Ignores NULL. */
void pool_free(struct pool **pool);

void pool_submit(struct pool *pool, struct job *job);

unsigned pool_thread_count(const struct pool *pool);

#endif
