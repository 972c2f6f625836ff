/* SPDX-License-Identifier: MIT */
#ifndef HUB_RATE_H
#define HUB_RATE_H

#include <stdint.h>

/*
 * Measures how many pictures a second come, over the last two seconds or as many times as it
 * remembers. Threads: one at a time.
 */

#define RATE_TIMES 128

struct rate {
    int64_t times_ns[RATE_TIMES]; /* a ring */
    uint64_t count;               /* ever added */
};

void rate_add(struct rate *rate, int64_t time_ns);

/** Per second; 0 when there is nothing to go by. Slower than one in two seconds works, too. */
double rate_per_s(const struct rate *rate, int64_t now_ns);

#endif
