/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_PACING_H
#define SOURCE_PACING_H

#include <stdbool.h>
#include <stdint.h>

/* When things are due. Time is always an argument. Threads: one at a time. */

/** Waiting times that double from a least to a most. */
struct backoff {
    int64_t min_ns, max_ns;
    int64_t next_ns; /* 0: min_ns */
};

int64_t backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);

/**
 * Turns the times in a file into times of day.
 *
 * A picture is due as long after the first as the file says. Times that jump, and a reader that
 * fell behind, start the count anew: nothing is ever played in a hurry to catch up.
 */
struct pacer {
    bool is_started;
    int64_t file_ns, due_ns; /* of the picture before */
};

#define PACER_JUMP_NS INT64_C(10000000000)
#define PACER_LATE_NS INT64_C(500000000)

/** @param step_ns  from the picture before to this one, where the file's times do not say */
int64_t pacer_due(struct pacer *pacer, int64_t file_ns, int64_t step_ns, int64_t now_ns);

/** Lets at most so many pictures a second pass, evenly. Zero interval: all. */
struct gate {
    int64_t interval_ns;
    int64_t next_ns;
};

bool gate_pass(struct gate *gate, int64_t now_ns);

#endif
