/* SPDX-License-Identifier: MIT */
#include "cli/backoff.h"

int64_t backoff_next_ms(struct backoff *backoff, uint32_t random)
{
    const int64_t bound = backoff->bound_ms > 0 ? backoff->bound_ms : BACKOFF_FIRST_MS;
    backoff->bound_ms = bound * 2 < BACKOFF_LAST_MS ? bound * 2 : BACKOFF_LAST_MS;
    const int64_t half = bound / 2;
    return half + (int64_t)((uint64_t)(bound - half) * random / UINT32_MAX);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->bound_ms = 0;
}
