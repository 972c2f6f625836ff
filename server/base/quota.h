/* SPDX-License-Identifier: MIT */
#ifndef BASE_QUOTA_H
#define BASE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

/*
 * So many things in so much time, for what others could fill the log with. All zero, but for the
 * two limits, is full. Threads: one at a time.
 */
struct quota {
    unsigned most;     /* in one window */
    int64_t window_ns; /* a window begins with the first thing after the last one ended */
    int64_t began_ns;  /* this one */
    unsigned taken;    /* in this one */
    uint64_t left_out; /* since the last one that passed */
};

/** Whether one more passes; then *left_out is how many before it did not. */
bool quota_take(struct quota *quota, int64_t now_ns, uint64_t *left_out);

#endif
