/* SPDX-License-Identifier: MIT */
#ifndef HUB_METER_H
#define HUB_METER_H

#include <stdint.h>

/*
 * Measures how many pictures a second come, over the last two seconds or as many times as it
 * remembers. Threads: one at a time.
 */

#define METER_TIMES 128

struct meter {
    int64_t times_ns[METER_TIMES]; /* a ring */
    uint64_t count;                /* ever added */
};

void meter_add(struct meter *meter, int64_t time_ns);

/** Per second; 0 when there is nothing to go by. Slower than one in two seconds works, too. */
double meter_rate(const struct meter *meter, int64_t now_ns);

#endif
