/* SPDX-License-Identifier: MIT */
#include "encode/pixels.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GUARD 0xA5
#define NEAR 3 /* what rounding may cost */

struct colour {
    uint8_t y, cb, cr;
};

/* Grays and primaries in full range, as ITU-R BT.601 and JFIF give them. */
static const struct colour WHITE = { 255, 128, 128 }, RED = { 76, 85, 255 },
                           BLUE = { 29, 255, 107 };

static void fill(struct picture *picture, uint32_t from_x, struct colour colour)
{
    const uint8_t values[] = { colour.y, colour.cb, colour.cr };
    for (unsigned plane = 0; plane < (picture->format == PICTURE_GRAY ? 1u : 3u); plane++) {
        const uint32_t width = picture_plane_width(picture, plane);
        const uint32_t begin = from_x * width / picture->width;
        for (uint32_t y = 0; y < picture_plane_height(picture, plane); y++) {
            memset(picture_plane(picture, plane) + y * picture->planes[plane].stride + begin,
                   values[plane], width - begin);
        }
    }
}

static struct picture *picture_of(enum picture_format format, uint32_t width, uint32_t height,
                                  struct colour colour)
{
    struct picture *picture = picture_new_planar(format, width, height);
    assert_non_null(picture);
    picture->is_full_range = true;
    fill(picture, 0, colour);
    return picture;
}

/* Convert into memory with a guard behind it, which must stay. */
static uint8_t *convert(struct picture *picture, const struct pixel_region *region,
                        enum pixel_format format, uint32_t width, uint32_t height)
{
    const size_t size = pixels_size(format, width, height);
    assert_true(size > 0);
    uint8_t *data = malloc(size + 64);
    assert_non_null(data);
    memset(data, GUARD, size + 64);
    struct pixel_converter *converter = pixel_converter_new();
    assert_non_null(converter);
    const struct pixel_target target = pixel_target_packed(format, width, height, data);
    assert_int_equal(pixels_convert(converter, picture, region, &target), 0);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(data[size + i], GUARD);
    }
    pixel_converter_free(&converter);
    assert_null(converter);
    return data;
}

static void assert_near(unsigned value, unsigned wanted)
{
    assert_in_range(value, wanted > NEAR ? wanted - NEAR : 0, wanted + NEAR);
}

static void assert_pixel(const uint8_t *pixel, unsigned a, unsigned b, unsigned c)
{
    assert_near(pixel[0], a);
    assert_near(pixel[1], b);
    assert_near(pixel[2], c);
}

static void colours_come_out_in_every_sampling_and_at_odd_sizes(void **state)
{
    (void)state;
    const uint32_t sides[][2] = { { 64, 48 }, { 33, 17 }, { 1, 1 }, { 127, 3 } };
    for (enum picture_format in = PICTURE_YUV420; in <= PICTURE_YUV444; in++) {
        for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
            const uint32_t width = sides[i][0], height = sides[i][1];
            struct picture *picture = picture_of(in, width, height, RED);
            uint8_t *rgb = convert(picture, NULL, PIXEL_RGB24, width, height);
            uint8_t *bgr = convert(picture, NULL, PIXEL_BGR24, 31, 19);
            const size_t last = ((size_t)width * height - 1) * 3;
            assert_pixel(rgb, 254, 0, 0);
            assert_pixel(rgb + last, 254, 0, 0);
            assert_pixel(bgr, 0, 0, 254);
            assert_pixel(bgr + (31 * 19 - 1) * 3, 0, 0, 254);
            free(rgb);
            free(bgr);
            picture_unref(&picture);
        }
    }
}

static void video_range_is_stretched_and_gray_is_luma(void **state)
{
    (void)state;
    struct picture *video = picture_of(PICTURE_YUV420, 64, 64, (struct colour){ 235, 128, 128 });
    video->is_full_range = false;
    uint8_t *rgb = convert(video, NULL, PIXEL_RGB24, 64, 64);
    uint8_t *gray = convert(video, NULL, PIXEL_GRAY8, 64, 64);
    uint8_t *nv12 = convert(video, NULL, PIXEL_NV12, 32, 32);
    uint8_t *as_wide = convert(video, NULL, PIXEL_NV12, 64, 64);
    assert_pixel(rgb, 255, 255, 255);
    assert_near(gray[0], 255);
    assert_near(nv12[0], 255);
    assert_near(nv12[32 * 32], 128);
    assert_near(as_wide[64 * 64 - 1], 255);
    free(as_wide);
    free(rgb);
    free(gray);
    free(nv12);
    picture_unref(&video);

    struct picture *luma = picture_of(PICTURE_GRAY, 64, 64, (struct colour){ 77, 0, 0 });
    gray = convert(luma, NULL, PIXEL_GRAY8, 64, 64);
    rgb = convert(luma, NULL, PIXEL_RGB24, 16, 16);
    assert_near(gray[64 * 64 - 1], 77);
    assert_pixel(rgb, 77, 77, 77);
    free(gray);
    free(rgb);
    picture_unref(&luma);
}

static void gray_keeps_its_brightness_in_every_format(void **state)
{
    (void)state;
    for (int is_full_range = 0; is_full_range < 2; is_full_range++) {
        const uint8_t value = is_full_range ? 77 : 16 + 77 * 219 / 255;
        struct picture *luma = picture_of(PICTURE_GRAY, 64, 48, (struct colour){ value, 0, 0 });
        luma->is_full_range = is_full_range;
        for (enum pixel_format format = 0; format < PIXEL_FORMAT_COUNT; format++) {
            uint8_t *same = convert(luma, NULL, format, 64, 48);
            uint8_t *scaled = convert(luma, NULL, format, 30, 18);
            assert_near(same[0], 77);
            assert_near(scaled[30 * 18 - 1], 77);
            if (format == PIXEL_NV12) {
                assert_near(same[64 * 48], 128);
                assert_near(scaled[30 * 18], 128);
            }
            free(same);
            free(scaled);
        }
        picture_unref(&luma);
    }
}

static uint32_t random_state = 1;

static void fill_at_random(struct picture *picture)
{
    for (unsigned plane = 0; plane < 3; plane++) {
        const size_t bytes = picture->planes[plane].stride * picture_plane_height(picture, plane);
        for (size_t i = 0; i < bytes; i++) {
            random_state = random_state * 1664525 + 1013904223;
            picture_plane(picture, plane)[i] = (uint8_t)(random_state >> 24);
        }
    }
}

static unsigned clip(double value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (unsigned)(value + 0.5);
}

static double sample(const struct picture *picture, unsigned plane, uint32_t x, uint32_t y)
{
    x = x * picture_plane_width(picture, plane) / picture->width;
    y = y * picture_plane_height(picture, plane) / picture->height;
    return picture->planes[plane].data[y * picture->planes[plane].stride + x];
}

/* ITU-R BT.601, in full range as JFIF has it and in video range. */
static void every_pixel_is_what_the_formula_says(void **state)
{
    (void)state;
    enum { WIDTH = 166, HEIGHT = 12 };
    for (enum picture_format in = PICTURE_YUV420; in <= PICTURE_YUV444; in++) {
        for (int is_full = 0; is_full < 2; is_full++) {
            struct picture *picture = picture_of(in, WIDTH, HEIGHT, WHITE);
            picture->is_full_range = is_full;
            fill_at_random(picture);
            uint8_t *rgb = convert(picture, NULL, PIXEL_RGB24, WIDTH, HEIGHT);
            uint8_t *bgr = convert(picture, NULL, PIXEL_BGR24, WIDTH, HEIGHT);
            for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
                const uint32_t x = i % WIDTH, y = i / WIDTH;
                const double above = is_full ? 0 : 16, gain = is_full ? 1 : 255.0 / 224;
                const double luma =
                    (sample(picture, 0, x, y) - above) * (is_full ? 1 : 255.0 / 219);
                const double cb = (sample(picture, 1, x, y) - 128) * gain;
                const double cr = (sample(picture, 2, x, y) - 128) * gain;
                const unsigned red = clip(luma + 1.402 * cr);
                const unsigned green = clip(luma - 0.344136 * cb - 0.714136 * cr);
                const unsigned blue = clip(luma + 1.772 * cb);
                assert_pixel(rgb + (size_t)i * 3, red, green, blue);
                assert_pixel(bgr + (size_t)i * 3, blue, green, red);
            }
            free(rgb);
            free(bgr);
            picture_unref(&picture);
        }
    }
}

/* A picture that grows brighter from left to right stays that, at any size. */
static void scaling_keeps_a_ramp(void **state)
{
    (void)state;
    enum { WIDTH = 256, HEIGHT = 64 };
    static const uint32_t sides[][2] = {
        { 128, 32 }, { 99, 41 }, { 64, 64 }, { 37, 5 }, { 512, 96 }
    };
    struct picture *picture = picture_of(PICTURE_YUV420, WIDTH, HEIGHT, WHITE);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            picture_plane(picture, 0)[y * picture->planes[0].stride + x] = (uint8_t)x;
        }
    }
    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
        const uint32_t width = sides[i][0], height = sides[i][1];
        uint8_t *rgb = convert(picture, NULL, PIXEL_RGB24, width, height);
        uint8_t *gray = convert(picture, NULL, PIXEL_GRAY8, width, height);
        for (uint32_t j = 0; j < width * height; j++) {
            const unsigned wanted = (unsigned)((j % width + 0.5) * WIDTH / width - 0.5);
            assert_near(gray[j], wanted);
            assert_pixel(rgb + (size_t)j * 3, wanted, wanted, wanted);
        }
        free(rgb);
        free(gray);
    }
    picture_unref(&picture);
}

static void nv12_is_luma_and_pairs_of_chroma(void **state)
{
    (void)state;
    for (enum picture_format in = PICTURE_YUV420; in <= PICTURE_YUV444; in++) {
        struct picture *picture = picture_of(in, 62, 34, RED);
        const uint32_t sides[][2] = { { 62, 34 }, { 30, 14 }, { 128, 96 } };
        for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
            const uint32_t width = sides[i][0], height = sides[i][1];
            uint8_t *nv12 = convert(picture, NULL, PIXEL_NV12, width, height);
            const uint8_t *chroma = nv12 + (size_t)width * height;
            assert_near(nv12[width * height - 1], RED.y);
            for (uint32_t j = 0; j < width * height / 2; j += 2) {
                assert_near(chroma[j], RED.cb);
                assert_near(chroma[j + 1], RED.cr);
            }
            free(nv12);
        }
        picture_unref(&picture);
    }
}

/* Sizes and formats change between pictures, rows are further apart than they are long, and what
 * lies between them is not touched. */
static void one_converter_makes_all(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {
        { 20, 10 }, { 64, 48 }, { 200, 100 }, { 64, 48 }, { 6, 2 }
    };
    enum { GAP = 8 };
    struct pixel_converter *converter = pixel_converter_new();
    assert_non_null(converter);
    for (enum picture_format in = PICTURE_GRAY; in < PICTURE_FORMAT_COUNT; in++) {
        struct picture *picture = picture_of(in, 65, 49, (struct colour){ 77, 128, 128 });
        const struct pixel_region odd = { 3, 5, 61, 43 };
        for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
            for (enum pixel_format format = 0; format < PIXEL_FORMAT_COUNT; format++) {
                const uint32_t width = sides[i][0], height = sides[i][1];
                const size_t row = pixels_size(format, width, 2) / (format == PIXEL_NV12 ? 3 : 2);
                const size_t size = (row + GAP) * height * 2;
                uint8_t *data = malloc(size);
                assert_non_null(data);
                memset(data, GUARD, size);
                struct pixel_target target = pixel_target_packed(format, width, height, data);
                target.strides[0] = target.strides[1] = row + GAP;
                target.planes[1] = data + (row + GAP) * height;
                assert_int_equal(pixels_convert(converter, picture, i % 2 ? &odd : NULL, &target),
                                 0);
                for (uint32_t y = 0; y < height; y++) {
                    const uint8_t *end = data + y * (row + GAP) + row;
                    assert_near(end[-1], 77);
                    assert_int_equal(end[0], GUARD);
                    assert_int_equal(end[GAP - 1], GUARD);
                }
                assert_int_equal(data[size - 1], GUARD);
                free(data);
            }
        }
        picture_unref(&picture);
    }
    pixel_converter_free(&converter);
}

static void a_region_is_cut_and_clipped(void **state)
{
    (void)state;
    struct picture *picture = picture_of(PICTURE_YUV420, 64, 32, WHITE);
    fill(picture, 32, BLUE);
    uint8_t *right = convert(picture, &(struct pixel_region){ 40, 8, 400, 8 }, PIXEL_RGB24, 24, 8);
    uint8_t *left = convert(picture, &(struct pixel_region){ 0, 0, 24, 32 }, PIXEL_RGB24, 24, 32);
    for (size_t i = 0; i < (size_t)24 * 8; i++) {
        assert_pixel(right + i * 3, 0, 0, 254);
        assert_pixel(left + i * 3, 255, 255, 255);
    }
    free(right);
    free(left);
    picture_unref(&picture);
}

static void what_cannot_be_converted_is_refused(void **state)
{
    (void)state;
    uint8_t data[64 * 3];
    const uint8_t rubbish[] = { 0xFF, 0xD8, 0xFF, 0xD9 };
    struct picture *picture = picture_of(PICTURE_YUV420, 8, 8, WHITE);
    struct picture *broken = picture_new_jpeg(rubbish, sizeof(rubbish), 8, 8);
    struct pixel_converter *converter = pixel_converter_new();
    assert_true(broken && converter);
    const struct pixel_target target = pixel_target_packed(PIXEL_RGB24, 8, 8, data);
    const struct pixel_target odd = pixel_target_packed(PIXEL_NV12, 7, 7, data);
    const struct pixel_region outside = { 8, 0, 4, 4 };
    assert_int_equal(pixels_convert(converter, broken, NULL, &target), -EINVAL);
    assert_int_equal(pixels_convert(converter, picture, &outside, &target), -EINVAL);
    assert_int_equal(pixels_convert(converter, picture, NULL, &odd), -EINVAL);
    assert_int_equal(pixels_size(PIXEL_RGB24, PICTURE_SIDE_MAX + 1, 1), 0);
    pixel_converter_free(&converter);
    picture_unref(&picture);
    picture_unref(&broken);
}

static void names_and_formats_agree(void **state)
{
    (void)state;
    for (enum pixel_format format = 0; format < PIXEL_FORMAT_COUNT; format++) {
        assert_int_equal(pixel_format_parse(pixel_format_name(format)), format);
    }
    assert_int_equal(pixel_format_parse("rgb32"), PIXEL_FORMAT_COUNT);
    assert_int_equal(pixels_size(PIXEL_NV12, 4, 2), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_come_out_in_every_sampling_and_at_odd_sizes),
        cmocka_unit_test(video_range_is_stretched_and_gray_is_luma),
        cmocka_unit_test(gray_keeps_its_brightness_in_every_format),
        cmocka_unit_test(every_pixel_is_what_the_formula_says),
        cmocka_unit_test(scaling_keeps_a_ramp),
        cmocka_unit_test(nv12_is_luma_and_pairs_of_chroma),
        cmocka_unit_test(one_converter_makes_all),
        cmocka_unit_test(a_region_is_cut_and_clipped),
        cmocka_unit_test(what_cannot_be_converted_is_refused),
        cmocka_unit_test(names_and_formats_agree),
    };
    return cmocka_run_group_tests_name("encode/pixels", tests, NULL, NULL);
}
