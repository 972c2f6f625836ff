/* SPDX-License-Identifier: MIT */
#include "predict/suppress.h"

#include <math.h>
#include <stdlib.h>

void candidates_begin(struct candidates *candidates, float threshold)
{
    candidates->count = 0;
    candidates->floor = threshold;
}

/* By score; what is equal by place, so that the same picture gives the same order. */
static int compare(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    if (a->score != b->score) {
        return a->score < b->score ? 1 : -1;
    }
    if (a->label != b->label) {
        return a->label < b->label ? -1 : 1;
    }
    if (a->box.y != b->box.y) {
        return a->box.y < b->box.y ? -1 : 1;
    }
    return a->box.x < b->box.x ? -1 : a->box.x > b->box.x;
}

void candidates_sort(struct candidates *candidates, size_t count_max)
{
    qsort(candidates->items, candidates->count, sizeof(candidates->items[0]), compare);
    if (candidates->count > count_max) {
        candidates->count = count_max;
    }
}

void candidates_add(struct candidates *candidates, const struct candidate *candidate)
{
    const struct image_box *box = &candidate->box;
    if (!candidates_want(candidates, candidate->score) || !isfinite(candidate->score) ||
        !isfinite(box->x) || !isfinite(box->y) || !(box->width > 0) || !(box->height > 0) ||
        !isfinite(box->width) || !isfinite(box->height)) {
        return;
    }
    if (candidates->count == CANDIDATES_MAX) {
        candidates_sort(candidates, CANDIDATES_MAX / 2);
        candidates->floor = candidates->items[candidates->count - 1].score;
        if (!candidates_want(candidates, candidate->score)) {
            return;
        }
    }
    candidates->items[candidates->count++] = *candidate;
}

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

float image_box_overlap(const struct image_box *a, const struct image_box *b)
{
    const float width = smaller(a->x + a->width, b->x + b->width) - larger(a->x, b->x);
    const float height = smaller(a->y + a->height, b->y + b->height) - larger(a->y, b->y);
    if (width <= 0 || height <= 0) {
        return 0;
    }
    const float common = width * height;
    return common / (a->width * a->height + b->width * b->height - common);
}

static bool is_covered(const struct candidates *candidates, size_t kept,
                       const struct candidate *candidate, float overlap_max)
{
    for (size_t i = 0; i < kept; i++) {
        const struct candidate *better = &candidates->items[i];
        if (better->label == candidate->label &&
            image_box_overlap(&better->box, &candidate->box) > overlap_max) {
            return true;
        }
    }
    return false;
}

void candidates_suppress(struct candidates *candidates, float overlap_max, size_t count_max)
{
    candidates_sort(candidates, CANDIDATES_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < candidates->count && kept < count_max; i++) {
        const struct candidate candidate = candidates->items[i];
        if (!is_covered(candidates, kept, &candidate, overlap_max)) {
            candidates->items[kept++] = candidate;
        }
    }
    candidates->count = kept;
}
