/* SPDX-License-Identifier: MIT */
#ifndef CLI_METER_H
#define CLI_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

/* What `watch --stats` counts between two lines. {0} is ready for use. Threads: one at a time. */

#define METER_NO_LAG INT64_MIN
#define METER_LINE_SIZE 160

struct meter {
    int64_t began_ns; /* steady clock; 0: nothing was begun */
    uint64_t pictures, bytes, left_out, predictions;
    struct histogram lag;
};

/** Begin, or begin again after a line. */
void meter_begin(struct meter *meter, int64_t now_ns);

/** @param lag_ns  from capture to now; METER_NO_LAG when that is not known */
void meter_add_picture(struct meter *meter, size_t size_bytes, uint32_t left_out, int64_t lag_ns);
void meter_add_prediction(struct meter *meter);

/** False while nothing was counted since the last line. */
bool meter_has_news(const struct meter *meter);

/** "fps 29.9  MB/s 1.52  lag p50 12 ms p99 25 ms  drops 0  predictions/s 9.9" */
void meter_format(const struct meter *meter, int64_t now_ns, char line[METER_LINE_SIZE]);

#endif
