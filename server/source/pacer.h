/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_PACER_H
#define SOURCE_PACER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Turns the times in a file into times of day.
 *
 * A picture is due as long after the first as the file says. Times that jump, and a reader that
 * fell behind, start the count anew: nothing is ever played in a hurry to catch up.
 *
 * Time is an argument. Threads: one at a time.
 */
struct pacer {
    bool is_started;
    int64_t file_ns, due_ns; /* of the picture before */
};

#define PACER_JUMP_NS INT64_C(10000000000)
#define PACER_LATE_NS INT64_C(500000000)

/** @param step_ns  from the picture before to this one, where the file's times do not say */
int64_t pacer_due(struct pacer *pacer, int64_t file_ns, int64_t step_ns, int64_t now_ns);

#endif
