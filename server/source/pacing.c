/* SPDX-License-Identifier: MIT */
#include "source/pacing.h"

int64_t backoff_next(struct backoff *backoff)
{
    int64_t wait_ns = backoff->next_ns ? backoff->next_ns : backoff->min_ns;
    if (wait_ns > backoff->max_ns) {
        wait_ns = backoff->max_ns;
    }
    backoff->next_ns = wait_ns * 2;
    return wait_ns;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ns = 0;
}

int64_t pacer_due(struct pacer *pacer, int64_t file_ns, int64_t step_ns, int64_t now_ns)
{
    int64_t due_ns = now_ns;
    if (pacer->is_started) {
        /* Unsigned, because a damaged file may hold any two times. */
        const int64_t passed_ns = (int64_t)((uint64_t)file_ns - (uint64_t)pacer->file_ns);
        const bool is_jump = passed_ns < 0 || passed_ns > PACER_JUMP_NS;
        due_ns = pacer->due_ns + (is_jump ? step_ns : passed_ns);
        if (due_ns < now_ns - PACER_LATE_NS) {
            due_ns = now_ns;
        }
    }
    *pacer = (struct pacer){ .is_started = true, .file_ns = file_ns, .due_ns = due_ns };
    return due_ns;
}

bool gate_pass(struct gate *gate, int64_t now_ns)
{
    /* A picture that comes a little early still counts for its turn: cameras are not exact. */
    if (now_ns < gate->next_ns - gate->interval_ns / 4) {
        return false;
    }
    gate->next_ns += gate->interval_ns;
    if (gate->next_ns < now_ns) {
        gate->next_ns = now_ns + gate->interval_ns;
    }
    return true;
}
