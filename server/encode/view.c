/* SPDX-License-Identifier: MIT */
#include "encode/view.h"

#include <math.h>
#include <stdlib.h>

#include "encode/jpeg.h"
#include "encode/scale.h"
#include "picture/picture_pool.h"

#define ALIGN 2 /* pixels that may share chroma */

struct view_maker {
    struct SwsContext *scaler; /* for the last pair of sizes */
    struct picture_pool *pool; /* for the last size */
};

/* A rectangle of whole pixels; never empty. */
struct pixels {
    uint32_t x, y, width, height;
};

static const struct {
    enum AVPixelFormat av;
    unsigned planes, shift_x, shift_y;
} formats[PICTURE_FORMAT_COUNT] = {
    [PICTURE_GRAY] = { AV_PIX_FMT_GRAY8, 1, 0, 0 },
    [PICTURE_YUV420] = { AV_PIX_FMT_YUV420P, 3, 1, 1 },
    [PICTURE_YUV422] = { AV_PIX_FMT_YUV422P, 3, 1, 0 },
    [PICTURE_YUV444] = { AV_PIX_FMT_YUV444P, 3, 0, 0 },
};

struct view_maker *view_maker_new(void)
{
    return calloc(1, sizeof(struct view_maker));
}

void view_maker_free(struct view_maker **maker)
{
    struct view_maker *m = *maker;
    *maker = NULL;
    if (m) {
        sws_freeContext(m->scaler);
        picture_pool_free(&m->pool);
        free(m);
    }
}

static bool is_whole(const struct view_region *region)
{
    return region->width == 0 && region->height == 0 && region->x == 0 && region->y == 0;
}

/* From and to, in pixels of a side: from is even, the end even or the side's. False when empty. */
static bool span(float from, float size, uint32_t side, uint32_t *begin, uint32_t *length)
{
    const float first = fmaxf(from, 0) * (float)side;
    const float last = fminf(from + size, 1) * (float)side;
    if (!(first < (float)side) || !(last > first)) {
        return false;
    }
    *begin = (uint32_t)first / ALIGN * ALIGN;
    uint32_t end = ((uint32_t)ceilf(last) + ALIGN - 1) / ALIGN * ALIGN;
    end = end < side ? end : side;
    *length = end - *begin;
    return *length > 0;
}

static bool pixels_of(const struct view_region *region, const struct picture *picture,
                      struct pixels *out)
{
    if (is_whole(region)) {
        *out = (struct pixels){ .width = picture->width, .height = picture->height };
        return true;
    }
    return span(region->x, region->width, picture->width, &out->x, &out->width) &&
           span(region->y, region->height, picture->height, &out->y, &out->height);
}

static void release_whole(struct picture *view)
{
    struct picture *whole = view->owner;
    picture_unref(&whole);
}

static void copy_head(struct picture *to, const struct picture *from)
{
    to->seq = from->seq;
    to->captured_at_us = from->captured_at_us;
    to->captured_ns = from->captured_ns;
    to->is_discontinuity = from->is_discontinuity;
}

/* The planes from the first pixel on; pixels belongs to whole. */
static struct picture *cut(struct picture *whole, const struct picture *pixels,
                           const struct pixels *part)
{
    struct picture *keep = picture_ref(whole);
    struct picture *view = picture_new(release_whole, keep);
    if (!view) {
        picture_unref(&keep);
        return NULL;
    }
    copy_head(view, whole);
    view->width = part->width;
    view->height = part->height;
    view->format = pixels->format;
    view->is_full_range = pixels->is_full_range;
    for (unsigned i = 0; i < formats[pixels->format].planes; i++) {
        const unsigned shift_x = i == 0 ? 0 : formats[pixels->format].shift_x;
        const unsigned shift_y = i == 0 ? 0 : formats[pixels->format].shift_y;
        const struct plane *plane = &pixels->planes[i];
        view->planes[i] = (struct plane){
            plane->data + (size_t)(part->y >> shift_y) * plane->stride + (part->x >> shift_x),
            plane->stride,
        };
    }
    return view;
}

static struct picture *scale(struct view_maker *maker, const struct picture *from, uint32_t width)
{
    const uint64_t area = (uint64_t)from->height * width + from->width / 2;
    const uint32_t height = (uint32_t)(area / from->width) > 0 ? (uint32_t)(area / from->width) : 1;
    const enum AVPixelFormat av = formats[from->format].av;
    if (!picture_pool_fits(maker->pool, from->format, width, height)) {
        picture_pool_free(&maker->pool);
        maker->pool = picture_pool_new(from->format, width, height);
    }
    maker->scaler =
        sws_getCachedContext(maker->scaler, (int)from->width, (int)from->height, av, (int)width,
                             (int)height, av, SWS_BILINEAR, NULL, NULL, NULL);
    struct picture *to = maker->pool && maker->scaler ? picture_pool_take(maker->pool) : NULL;
    if (!to) {
        return NULL;
    }
    const uint8_t *in[SCALE_PLANES] = { 0 };
    uint8_t *out[SCALE_PLANES] = { 0 };
    int in_strides[SCALE_PLANES] = { 0 };
    int out_strides[SCALE_PLANES] = { 0 };
    for (unsigned i = 0; i < formats[from->format].planes; i++) {
        in[i] = from->planes[i].data;
        in_strides[i] = (int)from->planes[i].stride;
        out[i] = picture_plane(to, i);
        out_strides[i] = (int)to->planes[i].stride;
    }
    (void)sws_scale(maker->scaler, in, in_strides, 0, (int)from->height, out, out_strides);
    copy_head(to, from);
    to->is_full_range = from->is_full_range;
    return to;
}

struct picture *view_make(struct view_maker *maker, struct picture *picture,
                          const struct view_region *region, uint32_t width,
                          struct view_region *actual)
{
    struct pixels part = { 0 };
    if (!pixels_of(region, picture, &part)) {
        return NULL;
    }
    *actual = (struct view_region){
        .x = (float)part.x / (float)picture->width,
        .y = (float)part.y / (float)picture->height,
        .width = (float)part.width / (float)picture->width,
        .height = (float)part.height / (float)picture->height,
    };
    const bool is_smaller = width > 0 && width < part.width;
    if (!is_smaller && part.width == picture->width && part.height == picture->height) {
        return picture_ref(picture);
    }
    const struct picture *pixels = picture_pixels(picture);
    struct picture *view = pixels ? cut(picture, pixels, &part) : NULL;
    if (view && is_smaller) {
        struct picture *smaller = scale(maker, view, width);
        picture_unref(&view);
        view = smaller;
    }
    return view;
}
