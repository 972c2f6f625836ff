/* SPDX-License-Identifier: MIT */
#ifndef ENCODE_PIXELS_H
#define ENCODE_PIXELS_H

#include "picture/picture.h"

/*
 * A picture as packed pixels, for whoever computes on it: cut out, scaled and converted, into
 * memory of the caller's.
 */

enum pixel_format {
    PIXEL_RGB24, /* 3 bytes a pixel: red, green, blue */
    PIXEL_BGR24, /* 3 bytes a pixel: blue, green, red */
    PIXEL_GRAY8, /* luma, 0 to 255 */
    PIXEL_NV12,  /* luma, then at half the size pairs of Cb and Cr; sides are even; full range */
    PIXEL_FORMAT_COUNT,
};

#define PIXEL_PLANES_MAX 2

/** A part of a picture, in its pixels. All zero: the whole. */
struct pixel_region {
    uint32_t x, y, width, height;
};

/** Where pixels go: memory of the caller's, rows strides[i] bytes apart. */
struct pixel_target {
    enum pixel_format format;
    uint32_t width, height; /* pixels; what the region is scaled to */
    uint8_t *planes[PIXEL_PLANES_MAX];
    size_t strides[PIXEL_PLANES_MAX];
};

struct pixel_converter; /* Threads: one at a time. Keeps its tables from picture to picture. */

/** Errors: NULL without memory. */
FC_NODISCARD struct pixel_converter *pixel_converter_new(void);
void pixel_converter_free(struct pixel_converter **converter);

/** The format of a name ("rgb24", "bgr24", "gray8", "nv12"), or PIXEL_FORMAT_COUNT. */
enum pixel_format pixel_format_parse(const char *name);
const char *pixel_format_name(enum pixel_format format);

/** Bytes of packed pixels without gaps between rows; 0 for a side of 0, over PICTURE_SIDE_MAX, or
 * odd where it must be even. */
size_t pixels_size(enum pixel_format format, uint32_t width, uint32_t height);

/** A target without gaps between rows, in pixels_size() bytes at data. */
struct pixel_target pixel_target_packed(enum pixel_format format, uint32_t width, uint32_t height,
                                        uint8_t *data);

/**
 * Convert a picture, or a part of it. Colours by ITU-R BT.601, as JPEG has them.
 *
 * A JPEG is decoded first, once for all who ask (picture_pixels()). The region is clipped to the
 * picture and begins at an even pixel where chroma is shared by two.
 *
 * Errors:    -EINVAL for a picture that cannot be decoded or a region outside it; -ENOMEM.
 *            Allocates nothing while sizes and formats stay.
 */
FC_NODISCARD int pixels_convert(struct pixel_converter *converter, struct picture *picture,
                                const struct pixel_region *region,
                                const struct pixel_target *target);

#endif
