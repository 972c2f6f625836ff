/* SPDX-License-Identifier: MIT */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before trying again: from a least to a most, twice as long each time, and from
 * half of that to all of it by chance, so that many who lost the same thing do not come back at
 * the same moment. Threads: one at a time.
 */
struct backoff {
    int64_t min_ns, max_ns;
    int64_t next_ns; /* 0: min_ns */
};

/** The next wait, nanoseconds. @param random  any 32 bits; UINT32_MAX: no chance, all of it */
int64_t backoff_next(struct backoff *backoff, uint32_t random);

/** It worked: the next wait is a short one again. */
void backoff_reset(struct backoff *backoff);

#endif
