/* SPDX-License-Identifier: MIT */
#include "hub/rate.h"

#include "base/clock.h"

#define WINDOW_NS (2 * NS_PER_S)

void rate_add(struct rate *rate, int64_t time_ns)
{
    rate->times_ns[rate->count % RATE_TIMES] = time_ns;
    rate->count++;
}

/* The time added so many before the last. */
static int64_t time_back(const struct rate *rate, uint64_t back)
{
    return rate->times_ns[(rate->count - 1 - back) % RATE_TIMES];
}

double rate_per_s(const struct rate *rate, int64_t now_ns)
{
    if (rate->count < 2) {
        return 0;
    }
    const uint64_t known = rate->count < RATE_TIMES ? rate->count : RATE_TIMES;
    const int64_t last_ns = time_back(rate, 0);
    uint64_t intervals = 1;
    while (intervals + 1 < known && time_back(rate, intervals + 1) > now_ns - WINDOW_NS) {
        intervals++;
    }
    const int64_t span_ns = last_ns - time_back(rate, intervals);
    const int64_t interval_ns = span_ns / (int64_t)intervals;
    if (span_ns <= 0 || now_ns - last_ns > (interval_ns > NS_PER_S ? 2 * interval_ns : WINDOW_NS)) {
        return 0;
    }
    return (double)intervals * (double)NS_PER_S / (double)span_ns;
}
