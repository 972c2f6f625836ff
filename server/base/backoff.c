/* SPDX-License-Identifier: MIT */
#include "base/backoff.h"

int64_t backoff_next(struct backoff *backoff, uint32_t random)
{
    int64_t bound_ns = backoff->next_ns ? backoff->next_ns : backoff->min_ns;
    if (bound_ns >= backoff->max_ns) {
        bound_ns = backoff->max_ns;
    }
    backoff->next_ns = bound_ns * 2;
    const int64_t half_ns = bound_ns / 2;
    return half_ns + (int64_t)((double)(bound_ns - half_ns) * random / UINT32_MAX);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ns = 0;
}
