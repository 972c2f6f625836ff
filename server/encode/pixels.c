/* SPDX-License-Identifier: MIT */
#include "encode/pixels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libyuv.h>

#include "encode/jpeg.h"
#include "encode/range.h"
#include "encode/scale.h"

/*
 * A region is planes: pointers into the picture. If the target has another size, swscale scales
 * them into memory of the converter's, as planes still; of what is scaled chroma is halved, as NV12
 * wants it anyway. Then libyuv makes packed pixels of them in one pass. (swscale would do all at
 * once; to RGB that takes up to five times as long, with a mean error of 0.5 to 0.7 instead of
 * 0.25.)
 *
 * A 1280x720 4:2:0 picture, one core (bench/micro/pixels.c): as it is, to RGB or BGR 0.4 ms, to
 * gray 0.05 and to NV12 0.1 (0.25 and 0.4 from video range); scaled to 640x640, to RGB, BGR or NV12
 * 0.7, to gray 0.4.
 */

#define VECTOR_BYTES 32 /* swscale writes whole ones, past the end of a row */
#define REGION_ALIGN 2  /* pixels that may share chroma */
#define NEUTRAL 128     /* the chroma of gray */

struct planes_shape {
    enum picture_format format;
    uint32_t width, height; /* of luma */
};

/* Borrowed from the picture, or the converter's. */
struct planes {
    struct planes_shape shape;
    const uint8_t *data[SCALE_PLANES];
    int strides[SCALE_PLANES];
};

struct pixel_converter {
    struct SwsContext *scaler; /* NULL, or between these: */
    struct planes_shape from, to;
    uint8_t *scratch; /* what was scaled */
    size_t scratch_capacity;
    uint8_t neutral[PICTURE_SIDE_MAX / 2]; /* a row of chroma without colour */
};

typedef int to_rgb(const uint8_t *y, int y_stride, const uint8_t *u, int u_stride, const uint8_t *v,
                   int v_stride, uint8_t *out, int out_stride, const struct YuvConstants *matrix,
                   int width, int height);

/* How often chroma is halved in each direction, and what makes RGB of it. */
static const struct {
    unsigned planes, shift_x, shift_y;
    enum AVPixelFormat av;
    to_rgb *to_rgb;
} samplings[PICTURE_FORMAT_COUNT] = {
    [PICTURE_GRAY] = { 1, 0, 0, AV_PIX_FMT_GRAY8, NULL },
    [PICTURE_YUV420] = { 3, 1, 1, AV_PIX_FMT_YUV420P, I420ToRGB24Matrix },
    [PICTURE_YUV422] = { 3, 1, 0, AV_PIX_FMT_YUV422P, I422ToRGB24Matrix },
    [PICTURE_YUV444] = { 3, 0, 0, AV_PIX_FMT_YUV444P, I444ToRGB24Matrix },
};

static int write_rgb(const struct planes *planes, bool is_full, const struct pixel_target *to);
static int write_bgr(const struct planes *planes, bool is_full, const struct pixel_target *to);
static int write_gray(const struct planes *planes, bool is_full, const struct pixel_target *to);
static int write_nv12(const struct planes *planes, bool is_full, const struct pixel_target *to);

static const struct {
    const char *name;
    unsigned planes;
    unsigned pixel_bytes;
    bool is_even; /* sides must be */
    int (*write)(const struct planes *planes, bool is_full, const struct pixel_target *to);
} targets[PIXEL_FORMAT_COUNT] = {
    [PIXEL_RGB24] = { "rgb24", 1, 3, false, write_rgb },
    [PIXEL_BGR24] = { "bgr24", 1, 3, false, write_bgr },
    [PIXEL_GRAY8] = { "gray8", 1, 1, false, write_gray },
    [PIXEL_NV12] = { "nv12", 2, 1, true, write_nv12 },
};

struct pixel_converter *pixel_converter_new(void)
{
    struct pixel_converter *converter = calloc(1, sizeof(*converter));
    if (converter) {
        memset(converter->neutral, NEUTRAL, sizeof(converter->neutral));
    }
    return converter;
}

void pixel_converter_free(struct pixel_converter **converter)
{
    struct pixel_converter *c = *converter;
    *converter = NULL;
    if (c) {
        sws_freeContext(c->scaler);
        free(c->scratch);
        free(c);
    }
}

enum pixel_format pixel_format_parse(const char *name)
{
    enum pixel_format format = 0;
    while (format < PIXEL_FORMAT_COUNT && strcmp(name, targets[format].name) != 0) {
        format++;
    }
    return format;
}

const char *pixel_format_name(enum pixel_format format)
{
    return targets[format].name;
}

size_t pixels_size(enum pixel_format format, uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0 || width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX ||
        (targets[format].is_even && ((width | height) & 1))) {
        return 0;
    }
    const size_t first = (size_t)width * height * targets[format].pixel_bytes;
    return targets[format].planes == 2 ? first + first / 2 : first;
}

struct pixel_target pixel_target_packed(enum pixel_format format, uint32_t width, uint32_t height,
                                        uint8_t *data)
{
    const size_t stride = (size_t)width * targets[format].pixel_bytes;
    struct pixel_target target = {
        .format = format,
        .width = width,
        .height = height,
        .planes = { data },
        .strides = { stride },
    };
    if (targets[format].planes == 2) {
        target.planes[1] = data + stride * height;
        target.strides[1] = stride;
    }
    return target;
}

/* The region as it will be cut; false when nothing of it is inside. */
static bool region_clip(const struct picture *pixels, const struct pixel_region *wanted,
                        struct pixel_region *out)
{
    *out = (struct pixel_region){ .width = pixels->width, .height = pixels->height };
    if (!wanted || (wanted->width == 0 && wanted->height == 0)) {
        return true;
    }
    if (wanted->x >= pixels->width || wanted->y >= pixels->height || wanted->width == 0 ||
        wanted->height == 0) {
        return false;
    }
    const uint32_t right =
        wanted->width < pixels->width - wanted->x ? wanted->x + wanted->width : pixels->width;
    const uint32_t bottom =
        wanted->height < pixels->height - wanted->y ? wanted->y + wanted->height : pixels->height;
    out->x = wanted->x / REGION_ALIGN * REGION_ALIGN;
    out->y = wanted->y / REGION_ALIGN * REGION_ALIGN;
    out->width = right - out->x;
    out->height = bottom - out->y;
    return true;
}

static int plane_width(const struct planes_shape *shape, unsigned plane)
{
    const unsigned shift = plane == 0 ? 0 : samplings[shape->format].shift_x;
    return (int)((shape->width + (1u << shift) - 1) >> shift);
}

static int plane_height(const struct planes_shape *shape, unsigned plane)
{
    const unsigned shift = plane == 0 ? 0 : samplings[shape->format].shift_y;
    return (int)((shape->height + (1u << shift) - 1) >> shift);
}

static bool is_same_shape(const struct planes_shape *a, const struct planes_shape *b)
{
    return a->format == b->format && a->width == b->width && a->height == b->height;
}

/* The region, where it lies in the picture; of gray the luma alone. */
static struct planes planes_cut(const struct picture *pixels, const struct pixel_region *region,
                                enum picture_format format)
{
    struct planes out = { .shape = { format, region->width, region->height } };
    for (unsigned i = 0; i < samplings[format].planes; i++) {
        const unsigned shift_x = i == 0 ? 0 : samplings[format].shift_x;
        const unsigned shift_y = i == 0 ? 0 : samplings[format].shift_y;
        out.data[i] = pixels->planes[i].data +
                      (size_t)(region->y >> shift_y) * pixels->planes[i].stride +
                      (region->x >> shift_x);
        out.strides[i] = (int)pixels->planes[i].stride;
    }
    return out;
}

/* What the target's pixels are made of. Chroma that need not be changed stays as it is sampled. */
static struct planes_shape shape_wanted(const struct planes_shape *from,
                                        const struct pixel_target *target)
{
    const bool is_scaled = from->width != target->width || from->height != target->height;
    const bool is_halved = is_scaled || target->format == PIXEL_NV12;
    const bool is_gray = from->format == PICTURE_GRAY;
    return (struct planes_shape){
        .format = is_halved && !is_gray ? PICTURE_YUV420 : from->format,
        .width = target->width,
        .height = target->height,
    };
}

static int scratch_reserve(struct pixel_converter *converter, size_t size)
{
    if (size > converter->scratch_capacity) {
        free(converter->scratch);
        converter->scratch = malloc(size);
        converter->scratch_capacity = converter->scratch ? size : 0;
    }
    return converter->scratch ? 0 : -ENOMEM;
}

static size_t scratch_stride(const struct planes_shape *shape, unsigned plane)
{
    const size_t vectors = ((size_t)plane_width(shape, plane) + VECTOR_BYTES - 1) / VECTOR_BYTES;
    return (vectors + 1) * VECTOR_BYTES;
}

/* Make the tables of swscale. Luma and chroma keep the range they have. */
static int scaler_set(struct pixel_converter *converter, const struct planes_shape *from,
                      const struct planes_shape *to)
{
    if (converter->scaler && is_same_shape(&converter->from, from) &&
        is_same_shape(&converter->to, to)) {
        return 0;
    }
    sws_freeContext(converter->scaler);
    converter->scaler = sws_getContext((int)from->width, (int)from->height,
                                       samplings[from->format].av, (int)to->width, (int)to->height,
                                       samplings[to->format].av, SWS_BILINEAR, NULL, NULL, NULL);
    converter->from = *from;
    converter->to = *to;
    return converter->scaler ? 0 : -ENOMEM;
}

/* Scale to the wanted shape. Errors: -ENOMEM; -EINVAL when swscale did not. */
static int planes_scale(struct pixel_converter *converter, const struct planes *from,
                        const struct planes_shape *wanted, struct planes *out)
{
    size_t starts[PICTURE_PLANES_MAX] = { 0 };
    size_t size = 0;
    *out = (struct planes){ .shape = *wanted };
    for (unsigned i = 0; i < samplings[wanted->format].planes; i++) {
        out->strides[i] = (int)scratch_stride(wanted, i);
        starts[i] = size;
        size += (size_t)out->strides[i] * (size_t)plane_height(wanted, i);
    }
    int err = scratch_reserve(converter, size);
    if (!err) {
        err = scaler_set(converter, &from->shape, wanted);
    }
    if (err) {
        return err;
    }
    uint8_t *data[SCALE_PLANES] = { 0 };
    for (unsigned i = 0; i < samplings[wanted->format].planes; i++) {
        data[i] = converter->scratch + starts[i];
        out->data[i] = data[i];
    }
    const int rows = sws_scale(converter->scaler, from->data, from->strides, 0,
                               (int)from->shape.height, data, out->strides);
    return rows == (int)wanted->height ? 0 : -EINVAL;
}

/* Chroma for what is gray. */
static void planes_colour(const struct pixel_converter *converter, struct planes *planes)
{
    planes->shape.format = PICTURE_YUV420;
    for (unsigned i = 1; i < PICTURE_PLANES_MAX; i++) {
        planes->data[i] = converter->neutral;
        planes->strides[i] = 0; /* one row for all */
    }
}

static int write_bgr(const struct planes *p, bool is_full, const struct pixel_target *to)
{
    return samplings[p->shape.format].to_rgb(
        p->data[0], p->strides[0], p->data[1], p->strides[1], p->data[2], p->strides[2],
        to->planes[0], (int)to->strides[0], is_full ? &kYuvJPEGConstants : &kYuvI601Constants,
        (int)p->shape.width, (int)p->shape.height);
}

/* The same with blue and red, and so Cb and Cr, in each other's place. */
static int write_rgb(const struct planes *p, bool is_full, const struct pixel_target *to)
{
    return samplings[p->shape.format].to_rgb(
        p->data[0], p->strides[0], p->data[2], p->strides[2], p->data[1], p->strides[1],
        to->planes[0], (int)to->strides[0], is_full ? &kYvuJPEGConstants : &kYvuI601Constants,
        (int)p->shape.width, (int)p->shape.height);
}

static int write_gray(const struct planes *planes, bool is_full, const struct pixel_target *to)
{
    for (uint32_t y = 0; y < planes->shape.height; y++) {
        const uint8_t *from = planes->data[0] + (ptrdiff_t)y * planes->strides[0];
        uint8_t *row = to->planes[0] + y * to->strides[0];
        if (is_full) {
            memcpy(row, from, planes->shape.width);
        } else {
            range_expand_luma(row, from, planes->shape.width);
        }
    }
    return 0;
}

static int write_nv12(const struct planes *planes, bool is_full, const struct pixel_target *to)
{
    MergeUVPlane(planes->data[1], planes->strides[1], planes->data[2], planes->strides[2],
                 to->planes[1], (int)to->strides[1], plane_width(&planes->shape, 1),
                 plane_height(&planes->shape, 1));
    for (uint32_t y = 0; !is_full && y < planes->shape.height / 2; y++) {
        uint8_t *row = to->planes[1] + y * to->strides[1];
        range_expand_chroma(row, row, planes->shape.width);
    }
    return write_gray(planes, is_full, to);
}

int pixels_convert(struct pixel_converter *converter, struct picture *picture,
                   const struct pixel_region *region, const struct pixel_target *target)
{
    const struct picture *pixels = picture_pixels(picture);
    struct pixel_region part;
    if (!pixels || !region_clip(pixels, region, &part) ||
        pixels_size(target->format, target->width, target->height) == 0) {
        return -EINVAL;
    }
    const bool is_gray = target->format == PIXEL_GRAY8;
    struct planes planes = planes_cut(pixels, &part, is_gray ? PICTURE_GRAY : pixels->format);
    const struct planes_shape wanted = shape_wanted(&planes.shape, target);
    if (!is_same_shape(&planes.shape, &wanted)) {
        const struct planes from = planes;
        const int err = planes_scale(converter, &from, &wanted, &planes);
        if (err) {
            return err;
        }
    }
    if (wanted.format == PICTURE_GRAY && !is_gray) {
        planes_colour(converter, &planes);
    }
    return targets[target->format].write(&planes, pixels->is_full_range, target) ? -EINVAL : 0;
}
