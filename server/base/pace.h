/* SPDX-License-Identifier: MIT */
#ifndef BASE_PACE_H
#define BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Lets so many pictures a second pass, evenly, by the times at which they were captured. A picture
 * may be a quarter of the interval early, so that a camera's jitter costs none; the times between
 * those that pass add up to the rate. Threads: one at a time.
 */
struct pace {
    int64_t interval_ns; /* 0: everything passes */
    int64_t due_ns;      /* of the next one */
    bool has_begun;
};

/** @param fps_milli  thousandths of pictures a second; 0: all */
void pace_init(struct pace *pace, uint32_t fps_milli);

/** Whether the picture captured then passes. */
bool pace_take(struct pace *pace, int64_t captured_ns);

#endif
