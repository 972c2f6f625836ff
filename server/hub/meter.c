/* SPDX-License-Identifier: MIT */
#include "hub/meter.h"

#include "base/clock.h"

#define WINDOW_NS (2 * NS_PER_S)

void meter_add(struct meter *meter, int64_t time_ns)
{
    meter->times_ns[meter->count % METER_TIMES] = time_ns;
    meter->count++;
}

/* The time added so many before the last. */
static int64_t time_back(const struct meter *meter, uint64_t back)
{
    return meter->times_ns[(meter->count - 1 - back) % METER_TIMES];
}

double meter_rate(const struct meter *meter, int64_t now_ns)
{
    if (meter->count < 2) {
        return 0;
    }
    const uint64_t known = meter->count < METER_TIMES ? meter->count : METER_TIMES;
    const int64_t last_ns = time_back(meter, 0);
    uint64_t intervals = 1;
    while (intervals + 1 < known && time_back(meter, intervals + 1) > now_ns - WINDOW_NS) {
        intervals++;
    }
    const int64_t span_ns = last_ns - time_back(meter, intervals);
    const int64_t interval_ns = span_ns / (int64_t)intervals;
    if (span_ns <= 0 || now_ns - last_ns > (interval_ns > NS_PER_S ? 2 * interval_ns : WINDOW_NS)) {
        return 0;
    }
    return (double)intervals * (double)NS_PER_S / (double)span_ns;
}
