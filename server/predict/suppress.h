/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_SUPPRESS_H
#define PREDICT_SUPPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "predict/tensor_image.h"

/*
 * Detectors say the same thing many times. Candidates are collected, the best of those that overlap
 * is kept (non-maximum suppression, per label).
 */

#define CANDIDATES_MAX 4096

struct candidate {
    struct image_box box; /* fractions of the tensor */
    float score;
    uint32_t label;
};

/** Threads: one at a time. */
struct candidates {
    size_t count;
    float floor; /* a lower score is not taken */
    struct candidate items[CANDIDATES_MAX];
};

/** Forget what there is; take scores from threshold on. */
void candidates_begin(struct candidates *candidates, float threshold);

/**
 * Add one, unless its score is too low, its box is empty, or something in it is no number.
 *
 * Of more than CANDIDATES_MAX the best are kept, at least half as many.
 */
void candidates_add(struct candidates *candidates, const struct candidate *candidate);

/** Whether one of that score would be taken: for those who save themselves the box. */
static inline bool candidates_want(const struct candidates *candidates, float score)
{
    return score >= candidates->floor;
}

/** Intersection over union: 0 to 1. */
float image_box_overlap(const struct image_box *a, const struct image_box *b);

/** Best first; at most that many. */
void candidates_sort(struct candidates *candidates, size_t count_max);

/**
 * Best first, without those whose overlap with a better one of the same label is over the limit; at
 * most that many.
 */
void candidates_suppress(struct candidates *candidates, float overlap_max, size_t count_max);

#endif
