/* SPDX-License-Identifier: MIT */
/*
 * pixels: what making packed pixels of a 1280x720 4:2:0 picture takes, in every format, at its own
 * size and at others. A line of JSON for each, the best of twenty in milliseconds.
 */
#include "encode/pixels.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define TRIES 20

static const uint32_t sizes[][2] = { { 1280, 720 }, { 640, 640 }, { 320, 240 } };

static struct picture *picture_make(void)
{
    struct picture *picture = picture_new_planar(PICTURE_YUV420, 1280, 720);
    for (unsigned plane = 0; picture && plane < 3; plane++) {
        const size_t bytes = picture->planes[plane].stride * picture_plane_height(picture, plane);
        for (size_t i = 0; i < bytes; i++) {
            picture_plane(picture, plane)[i] = (uint8_t)rand();
        }
    }
    return picture;
}

static void measure(struct pixel_converter *converter, struct picture *picture,
                    const struct pixel_target *target)
{
    int64_t best_ns = INT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        const int64_t begin_ns = clock_steady_ns();
        if (pixels_convert(converter, picture, NULL, target)) {
            exit(EXIT_FAILURE);
        }
        const int64_t took_ns = clock_steady_ns() - begin_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    printf("{\"bench\":\"pixels\",\"format\":\"%s\",\"range\":\"%s\",\"width\":%u,\"height\":%u,"
           "\"ms\":%.3f}\n",
           pixel_format_name(target->format), picture->is_full_range ? "full" : "video",
           target->width, target->height, (double)best_ns / 1e6);
}

int main(void)
{
    struct pixel_converter *converter = pixel_converter_new();
    struct picture *picture = picture_make();
    uint8_t *data = malloc(pixels_size(PIXEL_RGB24, 1280, 720));
    if (!converter || !picture || !data) {
        return EXIT_FAILURE;
    }
    for (enum pixel_format format = 0; format < PIXEL_FORMAT_COUNT; format++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            const struct pixel_target target =
                pixel_target_packed(format, sizes[i][0], sizes[i][1], data);
            for (int is_full = 0; is_full < 2; is_full++) {
                picture->is_full_range = is_full;
                measure(converter, picture, &target);
            }
        }
    }
    free(data);
    picture_unref(&picture);
    pixel_converter_free(&converter);
    return EXIT_SUCCESS;
}
