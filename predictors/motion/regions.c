/* SPDX-License-Identifier: MIT */
#include "regions.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "background.h"

/* Two planes are made of the marks: `body`, what a majority of the neighbours agrees on, and
 * `reach`, the body dilated. Connection is decided on reach, boxes are measured on body, so
 * bridging a gap does not make boxes larger. */

enum {
    THIN_Y = 2,  /* what is at most twice as high is not a body */
    REACH_X = 1, /* dilation to each side */
    REACH_Y = 2,
};

static const float STRONG_SHARE_MIN = 0.15f; /* of a region's pixels */
static const float FILL_MIN = 0.12f;         /* of a region's box */
static const float STACK_OVERLAP = 0.5f;     /* of the narrower piece's width */
static const float STACK_GAP = 0.03f;        /* of the picture's height */
static const float STACK_ASPECT_MAX = 3.6f;  /* height to width of a body */

struct run {
    uint32_t begin, end, row, parent;
};

struct regions {
    size_t pixel_max;
    uint8_t *planes; /* owned; the three below point into it */
    uint8_t *body, *reach, *scratch;
    struct run *runs;     /* owned, REGIONS_RUN_MAX */
    struct region *found; /* owned, REGIONS_RUN_MAX; indexed by a run that is its own parent */
};

float region_area(const struct region *r)
{
    return (r->right - r->left) * (r->bottom - r->top);
}

float region_common_area(const struct region *a, const struct region *b)
{
    const float width = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    const float height = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    return width > 0.0f && height > 0.0f ? width * height : 0.0f;
}

struct region region_joint(const struct region *a, const struct region *b)
{
    return (struct region){
        .left = fminf(a->left, b->left),
        .top = fminf(a->top, b->top),
        .right = fmaxf(a->right, b->right),
        .bottom = fmaxf(a->bottom, b->bottom),
        .pixel_count = a->pixel_count + b->pixel_count,
        .strong_count = a->strong_count + b->strong_count,
    };
}

struct regions *regions_new(size_t pixel_max)
{
    struct regions *finder = calloc(1, sizeof(*finder));
    if (!finder) {
        return NULL;
    }
    finder->pixel_max = pixel_max;
    finder->planes = calloc(3, pixel_max);
    finder->runs = calloc(REGIONS_RUN_MAX, sizeof(*finder->runs));
    finder->found = calloc(REGIONS_RUN_MAX, sizeof(*finder->found));
    if (!finder->planes || !finder->runs || !finder->found) {
        regions_free(&finder);
        return NULL;
    }
    finder->body = finder->planes;
    finder->reach = finder->body + pixel_max;
    finder->scratch = finder->reach + pixel_max;
    return finder;
}

void regions_free(struct regions **pfinder)
{
    struct regions *finder = *pfinder;
    *pfinder = NULL;
    if (!finder) {
        return;
    }
    free(finder->planes);
    free(finder->runs);
    free(finder->found);
    free(finder);
}

static void and_row(uint8_t *restrict out, const uint8_t *restrict in, size_t count)
{
    for (size_t x = 0; x < count; x++) {
        out[x] = in[x] ? out[x] : 0;
    }
}

static void max_row(uint8_t *restrict out, const uint8_t *restrict in, size_t count)
{
    for (size_t x = 0; x < count; x++) {
        out[x] = in[x] > out[x] ? in[x] : out[x];
    }
}

/* body = marks, without what is less than 2 * THIN_Y + 1 high: an erosion along columns, then
 * the dilation that gives back what was high enough. Noise goes, and wires and tapes in the wind.
 */
static void open_upright(struct regions *finder, const uint8_t *marks, size_t width, size_t height)
{
    memcpy(finder->scratch, marks, width * height);
    for (size_t y = 0; y < height; y++) {
        uint8_t *out = finder->scratch + y * width;
        for (size_t k = 1; k <= THIN_Y; k++) {
            if (y >= k) {
                and_row(out, marks + (y - k) * width, width);
            }
            if (y + k < height) {
                and_row(out, marks + (y + k) * width, width);
            }
        }
    }
    memcpy(finder->body, finder->scratch, width * height);
    for (size_t y = 0; y < height; y++) {
        uint8_t *out = finder->body + y * width;
        for (size_t k = 1; k <= THIN_Y; k++) {
            if (y >= k) {
                max_row(out, finder->scratch + (y - k) * width, width);
            }
            if (y + k < height) {
                max_row(out, finder->scratch + (y + k) * width, width);
            }
        }
    }
}

static void or_row(uint8_t *restrict out, const uint8_t *restrict in, size_t count)
{
    for (size_t x = 0; x < count; x++) {
        out[x] |= in[x];
    }
}

/* reach = body, dilated by a box of REACH_X and REACH_Y to each side. */
static void dilate(struct regions *finder, size_t width, size_t height)
{
    memcpy(finder->scratch, finder->body, width * height);
    for (size_t y = 0; y < height; y++) {
        const uint8_t *in = finder->body + y * width;
        uint8_t *out = finder->scratch + y * width;
        for (size_t k = 1; k <= REACH_X; k++) {
            or_row(out + k, in, width - k);
            or_row(out, in + k, width - k);
        }
    }
    memcpy(finder->reach, finder->scratch, width * height);
    for (size_t y = 0; y < height; y++) {
        uint8_t *out = finder->reach + y * width;
        for (size_t k = 1; k <= REACH_Y; k++) {
            if (y >= k) {
                or_row(out, finder->scratch + (y - k) * width, width);
            }
            if (y + k < height) {
                or_row(out, finder->scratch + (y + k) * width, width);
            }
        }
    }
}

static uint32_t root_of(struct run *runs, uint32_t i)
{
    while (runs[i].parent != i) {
        runs[i].parent = runs[runs[i].parent].parent;
        i = runs[i].parent;
    }
    return i;
}

static void join(struct run *runs, uint32_t i, uint32_t k)
{
    i = root_of(runs, i);
    k = root_of(runs, k);
    if (i < k) {
        runs[k].parent = i;
    } else {
        runs[i].parent = k;
    }
}

static uint32_t collect_runs(const struct regions *finder, uint32_t row, uint32_t width,
                             uint32_t count)
{
    const uint8_t *line = finder->reach + (size_t)row * width;
    for (uint32_t x = 0; x < width && count < REGIONS_RUN_MAX;) {
        if (!line[x]) {
            x++;
            continue;
        }
        const uint32_t begin = x;
        while (x < width && line[x]) {
            x++;
        }
        finder->runs[count] = (struct run){ .begin = begin, .end = x, .row = row, .parent = count };
        count++;
    }
    return count;
}

/* Runs of neighbouring lines that share a column, or touch at a corner, belong together. */
static uint32_t connect(struct regions *finder, uint32_t width, uint32_t height)
{
    struct run *runs = finder->runs;
    uint32_t above = 0, here = 0, count = 0;
    for (uint32_t y = 0; y < height; y++) {
        above = here;
        here = count;
        count = collect_runs(finder, y, width, count);
        for (uint32_t i = above, k = here; i < here && k < count;) {
            if (runs[i].begin <= runs[k].end && runs[k].begin <= runs[i].end) {
                join(runs, i, k);
            }
            if (runs[i].end < runs[k].end) {
                i++;
            } else {
                k++;
            }
        }
    }
    return count;
}

static void measure_run(const struct run *run, const uint8_t *line, struct region *region)
{
    for (uint32_t x = run->begin; x < run->end; x++) {
        if (line[x] == BACKGROUND_QUIET) {
            continue;
        }
        const float left = (float)x, top = (float)run->row;
        if (region->pixel_count == 0) {
            *region = (struct region){ .left = left, .top = top };
        }
        region->left = left < region->left ? left : region->left;
        region->right = left + 1.0f > region->right ? left + 1.0f : region->right;
        region->bottom = top + 1.0f;
        region->pixel_count++;
        region->strong_count += line[x] == BACKGROUND_STRONG;
    }
}

/* Head over trunk, trunk over legs: narrow gap, shared columns, and as slim as a body together. */
static bool is_stacked(const struct region *a, const struct region *b, float gap_max)
{
    const float shared = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    const float narrower = fminf(a->right - a->left, b->right - b->left);
    const float gap = a->top > b->top ? a->top - b->bottom : b->top - a->bottom;
    const struct region sum = region_joint(a, b);
    return shared >= STACK_OVERLAP * narrower && gap <= gap_max &&
           sum.bottom - sum.top <= STACK_ASPECT_MAX * (sum.right - sum.left);
}

static size_t merge_stacked(struct region *list, size_t count, float gap_max)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count;) {
            if (!is_stacked(&list[i], &list[k], gap_max)) {
                k++;
                continue;
            }
            list[i] = region_joint(&list[i], &list[k]);
            list[k] = list[--count];
            k = i + 1;
        }
    }
    return count;
}

static size_t keep_sound(struct region *list, size_t count, float area_min)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct region *r = &list[i];
        const float pixels = (float)r->pixel_count;
        if (region_area(r) >= area_min && pixels >= FILL_MIN * region_area(r) &&
            (float)r->strong_count >= STRONG_SHARE_MIN * pixels) {
            list[kept++] = *r;
        }
    }
    return kept;
}

size_t regions_find(struct regions *finder, struct raster marks, float area_min, struct region *out)
{
    static const float PIECE_SHARE = 0.25f; /* of area_min; smaller pieces are not worth merging */
    const uint32_t width = marks.width, height = marks.height;
    assert(marks.stride == width && (size_t)width * height <= finder->pixel_max);
    assert(width > REACH_X && height > REACH_Y);
    open_upright(finder, marks.data, width, height);
    dilate(finder, width, height);
    const uint32_t run_count = connect(finder, width, height);
    for (uint32_t i = 0; i < run_count; i++) {
        const struct run *run = &finder->runs[i];
        if (run->parent == i) {
            finder->found[i].pixel_count = 0;
        }
        measure_run(run, finder->body + (size_t)run->row * width,
                    &finder->found[root_of(finder->runs, i)]);
    }
    size_t count = 0;
    for (uint32_t i = 0; i < run_count && count < REGIONS_MAX; i++) {
        const struct region *r = &finder->found[i];
        if (finder->runs[i].parent == i && r->pixel_count > 0 &&
            region_area(r) >= PIECE_SHARE * area_min) {
            out[count++] = *r;
        }
    }
    count = merge_stacked(out, count, STACK_GAP * (float)height);
    return keep_sound(out, count, area_min);
}
