/* SPDX-License-Identifier: MIT */
#include "encode/jpeg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <turbojpeg.h>

#define CHECK_NEAR(value, expected, tolerance)                       \
    assert_in_range((value) + 1000, 1000 + (expected) - (tolerance), \
                    1000 + (expected) + (tolerance))

static struct picture *flat(enum picture_format format, uint32_t width, uint32_t height,
                            const uint8_t colour[3])
{
    struct picture *picture = picture_new_planar(format, width, height);
    assert_non_null(picture);
    for (unsigned i = 0; i < PICTURE_PLANES_MAX && picture->planes[i].data; i++) {
        memset(picture_plane(picture, i), colour[i],
               picture->planes[i].stride * picture_plane_height(picture, i));
    }
    return picture;
}

static struct picture *picture_of(const struct jpeg_image *image)
{
    return picture_new_jpeg(image->bytes.data, image->bytes.size, image->width, image->height);
}

/* Encode, decode, and look at the middle of each plane and at its last sample. */
static void check_round_trip(struct picture *picture, uint32_t width, uint32_t expected_width,
                             uint32_t expected_height, const uint8_t expected[3])
{
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    struct jpeg_image image;
    const struct jpeg_request request = { .width = width, .quality = 90 };
    assert_int_equal(jpeg_encode(encoder, picture, request, &image), 0);
    assert_int_equal(image.width, expected_width);
    assert_int_equal(image.height, expected_height);

    struct picture *again = picture_of(&image);
    const struct picture *pixels = picture_pixels(again);
    assert_non_null(pixels);
    assert_ptr_equal(picture_pixels(again), pixels);
    assert_true(pixels->is_full_range);
    assert_int_equal(pixels->width, expected_width);
    assert_int_equal(pixels->height, expected_height);
    assert_int_equal(pixels->format, picture_pixels(picture)->format);
    for (unsigned i = 0; i < PICTURE_PLANES_MAX && pixels->planes[i].data; i++) {
        const uint32_t plane_width = picture_plane_width(pixels, i);
        const uint32_t plane_height = picture_plane_height(pixels, i);
        const struct plane *plane = &pixels->planes[i];
        const uint8_t *middle = plane->data + plane_height / 2 * plane->stride + plane_width / 2;
        const uint8_t *last = plane->data + (plane_height - 1) * plane->stride + plane_width - 1;
        CHECK_NEAR(*middle, expected[i], 2);
        CHECK_NEAR(*last, expected[i], 2);
    }
    picture_unref(&again);
    jpeg_encoder_free(&encoder);
}

static void known_colours_survive_in_every_format(void **state)
{
    (void)state;
    for (int format = PICTURE_GRAY; format < PICTURE_FORMAT_COUNT; format++) {
        const uint8_t colour[3] = { 200, 90, 160 };
        struct picture *picture = flat((enum picture_format)format, 64, 48, colour);
        picture->is_full_range = true;
        check_round_trip(picture, 0, 64, 48, colour);
        check_round_trip(picture, 32, 32, 24, colour);
        picture_unref(&picture);
    }
}

static void video_range_becomes_full_range(void **state)
{
    (void)state;
    const struct {
        uint8_t video[3], full[3];
    } rows[] = {
        { { 235, 128, 128 }, { 255, 128, 128 } },
        { { 16, 128, 128 }, { 0, 128, 128 } },
        { { 81, 90, 240 }, { 76, 85, 255 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct picture *picture = flat(PICTURE_YUV420, 640, 360, rows[i].video);
        check_round_trip(picture, 0, 640, 360, rows[i].full);
        check_round_trip(picture, 320, 320, 180, rows[i].full);
        assert_int_equal(picture->planes[0].data[0], rows[i].video[0]); /* is left as it was */
        picture_unref(&picture);
    }
}

static void odd_sizes_keep_their_aspect(void **state)
{
    (void)state;
    const struct {
        uint32_t width, height, asked, out_width, out_height;
    } rows[] = {
        { 1, 1, 0, 1, 1 },       { 1, 1, 7, 1, 1 },        { 17, 33, 0, 17, 33 },
        { 17, 33, 16, 16, 31 },  { 17, 33, 8, 8, 16 },     { 17, 33, 3, 3, 6 },
        { 64, 2, 16, 16, 1 },    { 64, 2, 8, 8, 1 },       { 17, 33, 18, 17, 33 },
        { 640, 3, 639, 639, 3 }, { 641, 361, 99, 99, 56 },
    };
    const uint8_t colour[3] = { 100, 140, 60 };
    for (int format = PICTURE_GRAY; format < PICTURE_FORMAT_COUNT; format++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct picture *picture =
                flat((enum picture_format)format, rows[i].width, rows[i].height, colour);
            picture->is_full_range = true;
            check_round_trip(picture, rows[i].asked, rows[i].out_width, rows[i].out_height, colour);
            picture_unref(&picture);
        }
    }
}

static void jpeg_is_passed_through_or_encoded_again(void **state)
{
    (void)state;
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    const uint8_t colour[3] = { 50, 100, 150 };
    struct picture *planar = flat(PICTURE_YUV422, 40, 20, colour);
    struct jpeg_image image;
    assert_int_equal(jpeg_encode(encoder, planar, (struct jpeg_request){ 0 }, &image), 0);
    struct picture *jpeg = picture_of(&image);

    const struct {
        uint32_t width;
        int quality;
        bool is_passed;
        uint32_t out_width, out_height;
    } rows[] = {
        { 0, 0, true, 40, 20 },   { 40, 0, true, 40, 20 },  { 9999, 0, true, 40, 20 },
        { 39, 0, false, 39, 20 }, { 20, 0, false, 20, 10 }, { 0, 80, false, 40, 20 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct jpeg_request request = { .width = rows[i].width, .quality = rows[i].quality };
        assert_int_equal(jpeg_encode(encoder, jpeg, request, &image), 0);
        assert_int_equal(image.bytes.data == jpeg->planes[0].data, rows[i].is_passed);
        assert_int_equal(image.width, rows[i].out_width);
        assert_int_equal(image.height, rows[i].out_height);
    }
    picture_unref(&jpeg);
    picture_unref(&planar);
    jpeg_encoder_free(&encoder);
    jpeg_encoder_free(&encoder);
}

/* Fills the lower right quarter of every plane. */
static void draw_quarter(void *ctx, struct picture *canvas)
{
    struct picture *seen = ctx;
    seen->width = canvas->width;
    seen->height = canvas->height;
    assert_true(canvas->is_full_range);
    for (unsigned i = 0; i < PICTURE_PLANES_MAX && canvas->planes[i].data; i++) {
        const uint32_t width = picture_plane_width(canvas, i);
        for (uint32_t y = picture_plane_height(canvas, i) / 2; y < picture_plane_height(canvas, i);
             y++) {
            memset(picture_plane(canvas, i) + y * canvas->planes[i].stride + width / 2, 200,
                   width - width / 2);
        }
    }
}

static void what_is_drawn_goes_on_a_copy_after_scaling(void **state)
{
    (void)state;
    static const uint8_t before[3] = { 60, 100, 150 }, after[3] = { 200, 200, 200 };
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    for (int format = PICTURE_GRAY; format < PICTURE_FORMAT_COUNT; format++) {
        const uint32_t widths[] = { 0, 41, 20 };
        for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
            struct picture *picture = flat((enum picture_format)format, 41, 33, before);
            picture->is_full_range = i != 1;
            struct picture seen = { 0 };
            const struct jpeg_request request = {
                .width = widths[i],
                .quality = 95,
                .draw = draw_quarter,
                .draw_ctx = &seen,
            };
            struct jpeg_image image;
            assert_int_equal(jpeg_encode(encoder, picture, request, &image), 0);
            assert_int_equal(seen.width, widths[i] ? widths[i] : 41);
            assert_int_equal(seen.height, image.height);
            struct picture *again = picture_of(&image);
            const struct picture *pixels = picture_pixels(again);
            for (unsigned k = 0; k < PICTURE_PLANES_MAX && pixels->planes[k].data; k++) {
                const uint8_t *last =
                    pixels->planes[k].data +
                    (picture_plane_height(pixels, k) - 1) * pixels->planes[k].stride +
                    picture_plane_width(pixels, k) - 1;
                CHECK_NEAR(*last, after[k], 3);
                if (picture->is_full_range) {
                    CHECK_NEAR(pixels->planes[k].data[0], before[k], 3);
                }
                assert_int_equal(picture->planes[k].data[(picture_plane_height(picture, k) - 1) *
                                                         picture->planes[k].stride],
                                 before[k]);
            }
            picture_unref(&again);
            picture_unref(&picture);
        }
    }
    jpeg_encoder_free(&encoder);
}

static void rare_samplings_are_decoded_by_way_of_rgb(void **state)
{
    (void)state;
    tjhandle tj = tjInitCompress();
    unsigned char rgb[16 * 16 * 3];
    memset(rgb, 180, sizeof(rgb));
    const int samplings[] = { TJSAMP_411, TJSAMP_440 };
    for (size_t i = 0; i < 2; i++) {
        unsigned char *data = NULL;
        unsigned long size = 0;
        assert_int_equal(
            tjCompress2(tj, rgb, 16, 0, 16, TJPF_RGB, &data, &size, samplings[i], 90, 0), 0);
        struct picture *jpeg = picture_new_jpeg(data, size, 16, 16);
        tjFree(data);
        const struct picture *pixels = picture_pixels(jpeg);
        assert_non_null(pixels);
        assert_int_equal(pixels->format, PICTURE_YUV444);
        CHECK_NEAR(pixels->planes[0].data[0], 180, 2);
        CHECK_NEAR(pixels->planes[1].data[0], 128, 2);
        picture_unref(&jpeg);
    }
    tjDestroy(tj);
}

static void corrupt_jpeg_is_refused(void **state)
{
    (void)state;
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    const struct fc_bytes rows[] = {
        { (const uint8_t *)"", 0 },
        { (const uint8_t *)"\xff\xd8\xff\xd9", 4 },
        { (const uint8_t *)"not a jpeg at all", 17 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct picture *picture = picture_new_jpeg(rows[i].data, rows[i].size, 8, 8);
        struct jpeg_image image = { .width = 7 };
        const struct jpeg_request request = { .width = 4 };
        assert_null(picture_pixels(picture));
        assert_int_equal(jpeg_encode(encoder, picture, request, &image), -EINVAL);
        assert_null(image.bytes.data);
        assert_int_equal(image.width, 7);
        picture_unref(&picture);
    }
    jpeg_encoder_free(&encoder);
}

static void every_prefix_of_a_jpeg_is_survived(void **state)
{
    (void)state;
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    const uint8_t colour[3] = { 50, 100, 150 };
    struct picture *planar = flat(PICTURE_YUV420, 33, 17, colour);
    struct jpeg_image image;
    const struct jpeg_request request = { .quality = 80 };
    assert_int_equal(jpeg_encode(encoder, planar, request, &image), 0);
    for (size_t size = 1; size < image.bytes.size; size++) {
        struct picture *cut = picture_new_jpeg(image.bytes.data, size, image.width, image.height);
        (void)picture_pixels(cut);
        picture_unref(&cut);
    }
    picture_unref(&planar);
    jpeg_encoder_free(&encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_colours_survive_in_every_format),
        cmocka_unit_test(video_range_becomes_full_range),
        cmocka_unit_test(odd_sizes_keep_their_aspect),
        cmocka_unit_test(jpeg_is_passed_through_or_encoded_again),
        cmocka_unit_test(what_is_drawn_goes_on_a_copy_after_scaling),
        cmocka_unit_test(rare_samplings_are_decoded_by_way_of_rgb),
        cmocka_unit_test(corrupt_jpeg_is_refused),
        cmocka_unit_test(every_prefix_of_a_jpeg_is_survived),
    };
    return cmocka_run_group_tests_name("encode/jpeg", tests, NULL, NULL);
}
