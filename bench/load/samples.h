/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_SAMPLES_H
#define BENCH_LOAD_SAMPLES_H

#include "load.h"

/** Durations, all kept, so that quantiles are exact. Zeroed is empty. Threads: one. */
struct samples {
    uint32_t *ns;
    size_t count;
    size_t capacity;
};

void samples_add(struct samples *samples, int64_t duration_ns);

/** Fill the result's late_us and let the memory go. */
void samples_report(struct samples *samples, struct result *result);

#endif
