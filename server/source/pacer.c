/* SPDX-License-Identifier: MIT */
#include "source/pacer.h"

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
