/* SPDX-License-Identifier: MIT */
#include "motion.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "background.h"
#include "regions.h"
#include "shrink.h"
#include "tracks.h"

/* Composition only: shrink, background, regions, tracks, one after the other. All memory is taken
 * in motion_new(): the divisor of a picture is chosen so that what is left of it fits. */

enum {
    SIDE_MIN_PX = 16, /* of the small picture, too */
    WORK_WIDTH_PX = 320,
    WORK_WIDTH_MIN_PX = 32,
    WORK_WIDTH_MAX_PX = 1024,
};

static const float ELAPSED_MAX_S = 0.5f; /* a longer gap teaches no more than this */
static const float GAP_MAX_S = 2.0f;     /* after a longer gap the tracks are not the same things */

struct motion {
    struct motion_options options; /* resolved */
    size_t pixel_max;
    struct background *background;
    struct regions *regions;
    struct tracks *tracks;
    uint16_t *sums;                  /* owned, SHRINK_SOURCE_MAX_PX */
    uint8_t *small;                  /* owned, pixel_max */
    uint8_t *marks;                  /* owned, pixel_max */
    uint32_t width, height, divisor; /* of the last picture; 0: none yet */
    bool has_time;
    int64_t looked_ns;
};

static struct motion_options resolve(const struct motion_options *given)
{
    struct motion_options o = { 0 };
    if (given) {
        o = *given;
    }
    o.work_width_px = o.work_width_px ? o.work_width_px : WORK_WIDTH_PX;
    o.work_width_px = o.work_width_px < WORK_WIDTH_MIN_PX ? WORK_WIDTH_MIN_PX : o.work_width_px;
    o.work_width_px = o.work_width_px > WORK_WIDTH_MAX_PX ? WORK_WIDTH_MAX_PX : o.work_width_px;
    o.box_area_min = o.box_area_min > 0.0f ? o.box_area_min : 0.0006f;
    o.box_area_max = o.box_area_max > 0.0f ? o.box_area_max : 0.5f;
    o.contrast_min = o.contrast_min > 0.0f ? o.contrast_min : 9.0f;
    o.warm_up_ns = o.warm_up_ns > 0 ? o.warm_up_ns : 1000000000;
    o.absorb_ns = o.absorb_ns > 0 ? o.absorb_ns : 15000000000;
    o.coast_ns = o.coast_ns > 0 ? o.coast_ns : 700000000;
    return o;
}

static float seconds(int64_t ns)
{
    return (float)((double)ns / 1e9);
}

struct motion *motion_new(const struct motion_options *options)
{
    struct motion *m = calloc(1, sizeof(*m));
    if (!m) {
        return NULL;
    }
    m->options = resolve(options);
    /* A divisor rounded to nearest leaves up to 1.5 times the width; tall pictures get the rest. */
    m->pixel_max = (size_t)m->options.work_width_px * m->options.work_width_px * 9 / 4;
    m->background = background_new(&(struct background_options){
        .pixel_max = m->pixel_max,
        .contrast_min = m->options.contrast_min,
        .warm_up_s = seconds(m->options.warm_up_ns),
        .absorb_s = seconds(m->options.absorb_ns),
    });
    m->regions = regions_new(m->pixel_max);
    m->tracks = tracks_new(&(struct tracks_options){
        .coast_s = seconds(m->options.coast_ns),
    });
    m->sums = calloc(SHRINK_SOURCE_MAX_PX, sizeof(*m->sums));
    m->small = calloc(m->pixel_max, sizeof(*m->small));
    m->marks = calloc(m->pixel_max, sizeof(*m->marks));
    if (!m->background || !m->regions || !m->tracks || !m->sums || !m->small || !m->marks) {
        motion_free(&m);
    }
    return m;
}

void motion_free(struct motion **pm)
{
    struct motion *m = *pm;
    *pm = NULL;
    if (!m) {
        return;
    }
    background_free(&m->background);
    regions_free(&m->regions);
    tracks_free(&m->tracks);
    free(m->sums);
    free(m->small);
    free(m->marks);
    free(m);
}

/* The divisor whose result is nearest to the width wanted and fits; 0 when there is none. */
static uint32_t choose_divisor(const struct motion *m, uint32_t width, uint32_t height)
{
    if (width > SHRINK_SOURCE_MAX_PX || height > SHRINK_SOURCE_MAX_PX) {
        return 0;
    }
    const uint32_t wanted = m->options.work_width_px;
    uint32_t divisor = (width + wanted / 2) / wanted;
    divisor = divisor ? divisor : 1;
    while (divisor < SHRINK_DIVISOR_MAX &&
           (size_t)(width / divisor) * (height / divisor) > m->pixel_max) {
        divisor++;
    }
    const uint32_t across = width / divisor, down = height / divisor;
    const bool fits = across >= SIDE_MIN_PX && down >= SIDE_MIN_PX &&
                      divisor <= SHRINK_DIVISOR_MAX && (size_t)across * down <= m->pixel_max;
    return fits ? divisor : 0;
}

static void begin_size(struct motion *m, uint32_t width, uint32_t height)
{
    m->width = width;
    m->height = height;
    m->divisor = choose_divisor(m, width, height);
    m->has_time = false;
    tracks_restart(m->tracks);
    if (m->divisor) {
        background_restart(m->background, (size_t)(width / m->divisor) * (height / m->divisor));
    }
}

static void look_at_small(struct motion *m, float elapsed_s)
{
    const uint32_t width = m->width / m->divisor, height = m->height / m->divisor;
    struct region found[REGIONS_MAX];
    size_t count = 0;
    if (background_look(m->background, m->small, fminf(elapsed_s, ELAPSED_MAX_S), m->marks)) {
        const float area = (float)width * (float)height;
        const struct raster marks = {
            .data = m->marks,
            .stride = width,
            .width = width,
            .height = height,
        };
        const size_t all = regions_find(m->regions, marks, m->options.box_area_min * area, found);
        for (size_t i = 0; i < all; i++) {
            const struct region *r = &found[i];
            if (region_area(r) <= m->options.box_area_max * area) {
                found[count++] = *r;
            }
        }
    }
    if (elapsed_s > GAP_MAX_S) {
        tracks_restart(m->tracks);
    }
    tracks_look(m->tracks, &(struct sight){
                               .regions = found,
                               .count = count,
                               .elapsed_s = elapsed_s,
                               .width = (float)width,
                               .height = (float)height,
                           });
}

/* From the middle and size in small pixels to edges in fractions of the picture, clipped. */
static void span(const struct track_axis *a, float scale, float *begin, float *length)
{
    const float low = fmaxf(0.0f, fminf(1.0f, (a->at - a->size / 2.0f) * scale));
    const float high = fmaxf(low, fminf(1.0f, (a->at + a->size / 2.0f) * scale));
    *begin = low;
    *length = high - low;
}

static size_t give_boxes(const struct motion *m, struct motion_box *boxes, size_t box_max)
{
    size_t track_count, count = 0;
    const struct track *tracks = tracks_peek(m->tracks, &track_count);
    for (size_t i = 0; i < track_count && count < box_max; i++) {
        const struct track *t = &tracks[i];
        if (!t->id) {
            continue;
        }
        struct motion_box *box = &boxes[count++];
        span(&t->x, (float)m->divisor / (float)m->width, &box->x, &box->width);
        span(&t->y, (float)m->divisor / (float)m->height, &box->y, &box->height);
        box->score = t->fill * t->support;
        box->track = t->id;
    }
    return count;
}

size_t motion_look(struct motion *m, struct raster luma, int64_t captured_ns,
                   struct motion_box *boxes, size_t box_max)
{
    assert(luma.stride >= luma.width);
    if (luma.width != m->width || luma.height != m->height) {
        begin_size(m, luma.width, luma.height);
    }
    if (!m->divisor) {
        return 0;
    }
    const bool is_first = !m->has_time;
    const float elapsed_s =
        is_first ? 0.0f : seconds((int64_t)((uint64_t)captured_ns - (uint64_t)m->looked_ns));
    m->has_time = true;
    m->looked_ns = captured_ns;
    if (is_first || elapsed_s > 0.0f) {
        shrink_luma(luma, m->divisor, m->sums, m->small);
    }
    if (is_first) {
        background_look(m->background, m->small, 0.0f, m->marks);
    } else if (elapsed_s > 0.0f) {
        look_at_small(m, elapsed_s);
    }
    return give_boxes(m, boxes, box_max);
}
