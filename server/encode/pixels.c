/* SPDX-License-Identifier: MIT */
#include "encode/pixels.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libswscale/swscale.h>

#include "encode/jpeg.h"
#include "encode/range.h"

/*
 * One pass of swscale cuts, scales and converts. It writes whole vectors, past the end of a row
 * whose width is not a multiple of them; such pictures go through memory of the converter's.
 *
 * A 1280x720 4:2:0 picture, one core (bench/micro/pixels.c): as it is, to RGB or BGR 0.3 ms, to
 * gray or NV12 0.03 (0.2 from video range); scaled to 640x640, to RGB 1.8 ms, to BGR 0.8, to NV12
 * 0.5, to gray 0.3.
 */

#define VECTOR_PIXELS 32
#define REGION_ALIGN 2 /* pixels that may share chroma */

/* What the tables of swscale were made for. */
struct conversion {
    uint32_t in_width, in_height, out_width, out_height;
    enum picture_format in;
    enum pixel_format out;
    bool is_full_range;
};

struct pixel_converter {
    struct SwsContext *scaler; /* NULL, or for this conversion: */
    struct conversion made_for;
    uint8_t *scratch;
    size_t scratch_capacity;
};

static const struct {
    const char *name;
    enum AVPixelFormat av;
    unsigned planes;
    unsigned pixel_bytes;
    bool is_even; /* sides must be */
    bool is_rgb;  /* swscale sees to the range */
} targets[PIXEL_FORMAT_COUNT] = {
    [PIXEL_RGB24] = { "rgb24", AV_PIX_FMT_RGB24, 1, 3, false, true },
    [PIXEL_BGR24] = { "bgr24", AV_PIX_FMT_BGR24, 1, 3, false, true },
    [PIXEL_GRAY8] = { "gray8", AV_PIX_FMT_GRAY8, 1, 1, false, false },
    [PIXEL_NV12] = { "nv12", AV_PIX_FMT_NV12, 2, 1, true, false },
};

static const struct {
    enum AVPixelFormat av;
    unsigned planes, shift_x, shift_y;
} sources[PICTURE_FORMAT_COUNT] = {
    [PICTURE_GRAY] = { AV_PIX_FMT_GRAY8, 1, 0, 0 },
    [PICTURE_YUV420] = { AV_PIX_FMT_YUV420P, 3, 1, 1 },
    [PICTURE_YUV422] = { AV_PIX_FMT_YUV422P, 3, 1, 0 },
    [PICTURE_YUV444] = { AV_PIX_FMT_YUV444P, 3, 0, 0 },
};

struct pixel_converter *pixel_converter_new(void)
{
    return calloc(1, sizeof(struct pixel_converter));
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

static int converter_set(struct pixel_converter *converter, const struct conversion *wanted)
{
    const struct conversion *made = &converter->made_for;
    if (converter->scaler && made->in_width == wanted->in_width &&
        made->in_height == wanted->in_height && made->out_width == wanted->out_width &&
        made->out_height == wanted->out_height && made->in == wanted->in &&
        made->out == wanted->out && made->is_full_range == wanted->is_full_range) {
        return 0;
    }
    sws_freeContext(converter->scaler);
    converter->scaler =
        sws_getContext((int)wanted->in_width, (int)wanted->in_height, sources[wanted->in].av,
                       (int)wanted->out_width, (int)wanted->out_height, targets[wanted->out].av,
                       SWS_BILINEAR, NULL, NULL, NULL);
    if (!converter->scaler) {
        return -ENOMEM;
    }
    /* Gray is full range to swscale: left alone it would squeeze it into NV12, and told otherwise
     * it would still not stretch it into RGB of the same size. So nothing is done to it here. */
    if (targets[wanted->out].is_rgb || wanted->in == PICTURE_GRAY) {
        const int *bt601 = sws_getCoefficients(SWS_CS_ITU601);
        const int from_range = wanted->in == PICTURE_GRAY || wanted->is_full_range;
        (void)sws_setColorspaceDetails(converter->scaler, bt601, from_range, bt601, 1, 0, 1 << 16,
                                       1 << 16);
    }
    converter->made_for = *wanted;
    return 0;
}

/* A target of the converter's own, with room after each row. */
static int scratch_target(struct pixel_converter *converter, const struct pixel_target *target,
                          struct pixel_target *out)
{
    const uint32_t width = (target->width + VECTOR_PIXELS - 1) / VECTOR_PIXELS * VECTOR_PIXELS;
    const uint32_t height = target->height + (target->height & 1);
    const size_t slack = VECTOR_PIXELS * (size_t)targets[target->format].pixel_bytes;
    const size_t need = (size_t)width * height * targets[target->format].pixel_bytes * 2 + slack;
    if (need > converter->scratch_capacity) {
        uint8_t *scratch = malloc(need);
        if (!scratch) {
            return -ENOMEM;
        }
        free(converter->scratch);
        converter->scratch = scratch;
        converter->scratch_capacity = need;
    }
    *out = pixel_target_packed(target->format, width, height, converter->scratch);
    out->width = target->width;
    out->height = target->height;
    return 0;
}

/* What is not RGB, or was gray, comes out of swscale in the range of the picture. */
static void expand(const struct pixel_target *target)
{
    for (uint32_t y = 0; y < target->height; y++) {
        uint8_t *row = target->planes[0] + y * target->strides[0];
        range_expand_luma(row, row, target->width * targets[target->format].pixel_bytes);
    }
    for (uint32_t y = 0; targets[target->format].planes == 2 && y < target->height / 2; y++) {
        uint8_t *row = target->planes[1] + y * target->strides[1];
        range_expand_chroma(row, row, target->width);
    }
}

static void copy_rows(const struct pixel_target *from, const struct pixel_target *to)
{
    for (unsigned plane = 0; plane < targets[to->format].planes; plane++) {
        const size_t bytes = (size_t)to->width * targets[to->format].pixel_bytes;
        const uint32_t rows = plane == 0 ? to->height : to->height / 2;
        for (uint32_t y = 0; y < rows; y++) {
            memcpy(to->planes[plane] + y * to->strides[plane],
                   from->planes[plane] + y * from->strides[plane], bytes);
        }
    }
}

static int run(struct pixel_converter *converter, const struct picture *pixels,
               const struct pixel_region *region, const struct pixel_target *target)
{
    const enum picture_format format = converter->made_for.in;
    const uint8_t *data[PICTURE_PLANES_MAX] = { 0 };
    int strides[PICTURE_PLANES_MAX] = { 0 };
    for (unsigned i = 0; i < sources[format].planes; i++) {
        const unsigned shift_x = i == 0 ? 0 : sources[format].shift_x;
        const unsigned shift_y = i == 0 ? 0 : sources[format].shift_y;
        data[i] = pixels->planes[i].data +
                  (size_t)(region->y >> shift_y) * pixels->planes[i].stride +
                  (region->x >> shift_x);
        strides[i] = (int)pixels->planes[i].stride;
    }
    uint8_t *const out[] = { target->planes[0], target->planes[1], NULL };
    const int out_strides[] = { (int)target->strides[0], (int)target->strides[1], 0 };
    const int rows =
        sws_scale(converter->scaler, data, strides, 0, (int)region->height, out, out_strides);
    if (rows != (int)target->height) {
        return -EINVAL;
    }
    if (!pixels->is_full_range && (!targets[target->format].is_rgb || format == PICTURE_GRAY)) {
        expand(target);
    }
    return 0;
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
    int err = converter_set(converter,
                            &(struct conversion){
                                .in_width = part.width,
                                .in_height = part.height,
                                .out_width = target->width,
                                .out_height = target->height,
                                .in = target->format == PIXEL_GRAY8 ? PICTURE_GRAY : pixels->format,
                                .out = target->format,
                                .is_full_range = pixels->is_full_range,
                            });
    if (err) {
        return err;
    }
    if (target->width % VECTOR_PIXELS == 0) {
        return run(converter, pixels, &part, target);
    }
    struct pixel_target scratch = { 0 };
    err = scratch_target(converter, target, &scratch);
    if (!err) {
        err = run(converter, pixels, &part, &scratch);
    }
    if (!err) {
        copy_rows(&scratch, target);
    }
    return err;
}
