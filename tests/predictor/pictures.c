/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <string.h>

#include "base/clock.h"
#include "encode/jpeg.h"

/* What a predictor is shown: gray ground with a bright square, 25 pictures a second by their own
 * clock. */

#define GROUND 90
#define SQUARE 220
#define RATE_HZ 25

static void draw(struct picture *picture, uint64_t seq)
{
    const uint32_t side = picture->height / 4 + 1;
    const uint32_t room = picture->width > side ? picture->width - side : 0;
    const uint32_t left = (uint32_t)(seq * 4 % (room + 1));
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = picture_plane(picture, 0) + y * picture->planes[0].stride;
        memset(row, GROUND, picture->width);
        if (y >= picture->height / 2 && y < picture->height / 2 + side) {
            memset(row + left, SQUARE, side < picture->width - left ? side : picture->width - left);
        }
    }
    for (unsigned plane = 1; picture->format != PICTURE_GRAY && plane < PICTURE_PLANES_MAX;
         plane++) {
        memset(picture_plane(picture, plane), 128,
               picture->planes[plane].stride * picture_plane_height(picture, plane));
    }
}

static void stamp(struct picture *picture, uint64_t seq)
{
    picture->captured_at_us = INT64_C(1700000000000000) + (int64_t)seq * 1000000 / RATE_HZ;
    picture->captured_ns = (int64_t)seq * NS_PER_S / RATE_HZ;
}

static struct picture *drawn(enum picture_format format, uint32_t width, uint32_t height,
                             uint64_t seq)
{
    struct picture *picture = picture_new_planar(format, width, height);
    if (picture) {
        picture->is_full_range = true;
        draw(picture, seq);
        stamp(picture, seq);
    }
    return picture;
}

struct picture *check_picture(struct check *check, enum picture_format format, uint32_t width,
                              uint32_t height)
{
    const uint64_t seq = ++check->seq;
    struct picture *picture = drawn(format, width, height, seq);
    if (picture) {
        picture->seq = seq;
    }
    return picture;
}

struct picture *check_picture_jpeg(struct check *check, uint32_t width, uint32_t height,
                                   unsigned hundredths)
{
    const uint64_t seq = ++check->seq;
    struct picture *planar = drawn(PICTURE_YUV420, width, height, seq);
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    struct picture *picture = NULL;
    struct jpeg_image image;
    if (planar && encoder &&
        jpeg_encode(encoder, planar, (struct jpeg_request){ .quality = 80 }, &image) == 0) {
        picture =
            picture_new_jpeg(image.bytes.data, image.bytes.size * hundredths / 100, width, height);
    }
    if (picture) {
        stamp(picture, seq);
        picture->seq = seq;
    }
    jpeg_encoder_free(&encoder);
    picture_unref(&planar);
    return picture;
}
