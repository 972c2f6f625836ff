/* SPDX-License-Identifier: MIT */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Durations in buckets that are an eighth of their power of two wide, so that a percentile is
 * right to 12 %. Threads: any; counts are relaxed because they are only ever looked at.
 */
#define HISTOGRAM_BUCKETS 328

struct histogram {
    _Atomic uint64_t bucket[HISTOGRAM_BUCKETS];
    _Atomic uint64_t count;
};

void histogram_add(struct histogram *histogram, int64_t duration_ns);

/** The duration below which that fraction (0 to 1) lies, in nanoseconds; -1 with no values yet. */
int64_t histogram_quantile(const struct histogram *histogram, double fraction);

#endif
