/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

#define FIRST_CAPACITY 65536

void samples_add(struct samples *samples, int64_t duration_ns)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : FIRST_CAPACITY;
        samples->ns = realloc(samples->ns, samples->capacity * sizeof(*samples->ns));
        if (!samples->ns) {
            die("durations", strerror(ENOMEM));
        }
    }
    samples->ns[samples->count++] =
        duration_ns < UINT32_MAX ? (uint32_t)duration_ns : UINT32_MAX; /* 4.3 s */
}

static int compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void samples_report(struct samples *samples, struct result *result)
{
    if (samples->count > 0) {
        qsort(samples->ns, samples->count, sizeof(*samples->ns), compare);
    }
    for (size_t i = 0; i < sizeof(late_quantiles) / sizeof(late_quantiles[0]); i++) {
        const size_t at = (size_t)(late_quantiles[i] * (double)samples->count);
        result->late_us[i] = samples->count == 0
                                 ? -1
                                 : samples->ns[at < samples->count ? at : samples->count - 1] / 1e3;
    }
    free(samples->ns);
    *samples = (struct samples){ 0 };
}
