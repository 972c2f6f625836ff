/* SPDX-License-Identifier: MIT */
#include "cli/meter.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#define LAG_SIZE 48

void meter_begin(struct meter *meter, int64_t now_ns)
{
    *meter = (struct meter){ .began_ns = now_ns };
}

void meter_add_picture(struct meter *meter, size_t size_bytes, uint32_t left_out, int64_t lag_ns)
{
    meter->pictures++;
    meter->bytes += size_bytes;
    meter->left_out += left_out;
    if (lag_ns != METER_NO_LAG) {
        histogram_add(&meter->lag, lag_ns);
    }
}

void meter_add_prediction(struct meter *meter)
{
    meter->predictions++;
}

bool meter_has_news(const struct meter *meter)
{
    return meter->pictures + meter->predictions > 0;
}

static void lag_format(const struct histogram *lag, char text[LAG_SIZE])
{
    const int64_t p50_ns = histogram_quantile(lag, 0.5);
    const int64_t p99_ns = histogram_quantile(lag, 0.99);
    if (p50_ns < 0) {
        snprintf(text, LAG_SIZE, "p50 - p99 -");
        return;
    }
    snprintf(text, LAG_SIZE, "p50 %.1f ms p99 %.1f ms", (double)p50_ns / (double)NS_PER_MS,
             (double)p99_ns / (double)NS_PER_MS);
}

void meter_format(const struct meter *meter, int64_t now_ns, char line[METER_LINE_SIZE])
{
    const int64_t passed_ns = now_ns - meter->began_ns;
    const double seconds = (double)(passed_ns > 0 ? passed_ns : 1) / (double)NS_PER_S;
    char lag[LAG_SIZE];
    lag_format(&meter->lag, lag);
    snprintf(line, METER_LINE_SIZE,
             "fps %.1f  MB/s %.2f  lag %s  drops %" PRIu64 "  predictions/s %.1f",
             (double)meter->pictures / seconds, (double)meter->bytes / 1e6 / seconds, lag,
             meter->left_out, (double)meter->predictions / seconds);
}
