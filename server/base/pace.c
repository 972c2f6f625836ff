/* SPDX-License-Identifier: MIT */
#include "base/pace.h"

#include "base/clock.h"

void pace_init(struct pace *pace, uint32_t fps_milli)
{
    *pace = (struct pace){ .interval_ns = fps_milli ? NS_PER_S * 1000 / fps_milli : 0 };
}

bool pace_take(struct pace *pace, int64_t captured_ns)
{
    const int64_t early_ns = pace->due_ns - captured_ns;
    const bool is_jump = early_ns > 2 * pace->interval_ns; /* another clock: begin anew */
    if (pace->has_begun && !is_jump && early_ns > pace->interval_ns / 4) {
        return false;
    }

    /* Keep to the plan, so that the rate is right on average; after a gap make a new one. */
    const bool is_planned = pace->has_begun && !is_jump && early_ns > -pace->interval_ns;
    pace->due_ns = (is_planned ? pace->due_ns : captured_ns) + pace->interval_ns;
    pace->has_begun = true;
    return true;
}
