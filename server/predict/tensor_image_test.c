/* SPDX-License-Identifier: MIT */
#include "predict/tensor_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void letterbox_keeps_the_shape_of_things(void **state)
{
    (void)state;
    const struct image_form form = { .resize = IMAGE_LETTERBOX, .width = 640, .height = 640 };
    const struct {
        uint32_t width, height;
        struct image_fit fit;
    } rows[] = {
        { 1280, 720, { 0, 140, 640, 360 } }, { 720, 1280, { 140, 0, 360, 640 } },
        { 640, 640, { 0, 0, 640, 640 } },    { 320, 320, { 0, 0, 640, 640 } },
        { 768, 576, { 0, 80, 640, 480 } },   { 16000, 1, { 0, 319, 640, 1 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct image_fit fit = image_fit_of(&form, rows[i].width, rows[i].height);
        assert_memory_equal(&fit, &rows[i].fit, sizeof(fit));
    }
}

/* A box of the picture, put into the tensor by hand, comes back. */
static void boxes_come_back(void **state)
{
    (void)state;
    for (int resize = IMAGE_STRETCH; resize <= IMAGE_LETTERBOX; resize++) {
        const struct image_form form = { .resize = (enum image_resize)resize,
                                         .width = 320,
                                         .height = 240 };
        const uint32_t sizes[][2] = { { 1280, 720 }, { 480, 640 }, { 31, 17 } };
        for (size_t i = 0; i < 3; i++) {
            const struct image_fit fit = image_fit_of(&form, sizes[i][0], sizes[i][1]);
            struct image_box box = {
                .x = ((float)fit.x + 0.25f * (float)fit.width) / 320,
                .y = ((float)fit.y + 0.5f * (float)fit.height) / 240,
                .width = 0.5f * (float)fit.width / 320,
                .height = 0.125f * (float)fit.height / 240,
            };
            assert_true(image_fit_invert(&form, &fit, &box));
            assert_float_equal(box.x, 0.25f, 1e-5f);
            assert_float_equal(box.y, 0.5f, 1e-5f);
            assert_float_equal(box.width, 0.5f, 1e-5f);
            assert_float_equal(box.height, 0.125f, 1e-5f);
        }
    }
}

static void boxes_are_cut_at_the_edges_and_gone_in_the_bars(void **state)
{
    (void)state;
    const struct image_form form = { .resize = IMAGE_LETTERBOX, .width = 640, .height = 640 };
    const struct image_fit fit = image_fit_of(&form, 1280, 720);
    struct image_box half = { -0.1f, 0.1f, 0.6f, 0.4f };
    assert_true(image_fit_invert(&form, &fit, &half));
    assert_float_equal(half.x, 0, 0);
    assert_float_equal(half.y, 0, 0);
    assert_float_equal(half.width, 0.5f, 1e-5f);
    assert_float_equal(half.height, 0.5f, 1e-5f);
    struct image_box in_bar = { 0.1f, 0.01f, 0.2f, 0.1f };
    assert_false(image_fit_invert(&form, &fit, &in_bar));
}

/* Gray, so that what is written is what was there; the left half dark, the right half bright. */
static struct picture *halves(uint32_t width, uint32_t height)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, width, height);
    picture->is_full_range = true;
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = picture_plane(picture, 0) + y * picture->planes[0].stride;
        memset(row, 20, width / 2);
        memset(row + width / 2, 220, width - width / 2);
    }
    return picture;
}

static void samples_go_to_their_places(void **state)
{
    (void)state;
    static float planes[3 * 32 * 32], pixels[3 * 32 * 32];
    static uint8_t bytes[3 * 32 * 32];
    struct image_form form = {
        .type = TENSOR_F32,
        .layout = IMAGE_NCHW,
        .resize = IMAGE_LETTERBOX,
        .color = PIXEL_RGB24,
        .width = 32,
        .height = 32,
        .mean = { 10, 20, 30 },
        .scale = { 1, 2, 4 },
        .bar = 114,
    };
    struct picture *picture = halves(64, 32);
    struct tensor_image *image = tensor_image_new(&form);
    assert_int_equal(tensor_image_write(image, picture, planes), 0);
    tensor_image_free(&image);
    form.layout = IMAGE_NHWC;
    image = tensor_image_new(&form);
    assert_int_equal(tensor_image_write(image, picture, pixels), 0);
    tensor_image_free(&image);
    form.type = TENSOR_U8;
    image = tensor_image_new(&form);
    assert_int_equal(tensor_image_write(image, picture, bytes), 0);
    tensor_image_free(&image);
    tensor_image_free(&image);

    const struct {
        size_t x, y;
        float sample;
    } rows[] = { { 4, 16, 20 }, { 28, 16, 220 }, { 4, 2, 114 }, { 28, 30, 114 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t c = 0; c < 3; c++) {
            const float wanted = (rows[i].sample - form.mean[c]) / form.scale[c];
            const size_t place = rows[i].y * 32 + rows[i].x;
            assert_float_equal(planes[c * 1024 + place], wanted, 2 / form.scale[c]);
            assert_float_equal(pixels[place * 3 + c], wanted, 2 / form.scale[c]);
            assert_float_equal(bytes[place * 3 + c], rows[i].sample, 2);
        }
    }
    picture_unref(&picture);
}

static void bars_are_drawn_anew_for_another_size(void **state)
{
    (void)state;
    static uint8_t wide[32 * 32];
    const struct image_form form = {
        .type = TENSOR_U8,
        .layout = IMAGE_NCHW,
        .resize = IMAGE_LETTERBOX,
        .color = PIXEL_GRAY8,
        .width = 32,
        .height = 32,
        .bar = 7,
    };
    struct tensor_image *image = tensor_image_new(&form);
    struct picture *full = halves(32, 32), *flat = halves(64, 16);
    assert_int_equal(tensor_image_write(image, full, wide), 0);
    assert_int_equal(wide[0], 20);
    assert_int_equal(tensor_image_write(image, flat, wide), 0);
    assert_int_equal(wide[0], 7);
    assert_int_equal(wide[31 * 32], 7);
    assert_int_equal(wide[16 * 32], 20);
    picture_unref(&full);
    picture_unref(&flat);
    tensor_image_free(&image);
}

static void what_cannot_be_decoded_is_refused(void **state)
{
    (void)state;
    static uint8_t out[16];
    const struct image_form form = {
        .type = TENSOR_U8, .color = PIXEL_GRAY8, .width = 4, .height = 4
    };
    struct tensor_image *image = tensor_image_new(&form);
    struct picture *picture = picture_new_jpeg((const uint8_t *)"jpeg", 4, 8, 8);
    assert_true(tensor_image_write(image, picture, out) < 0);
    picture_unref(&picture);
    tensor_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letterbox_keeps_the_shape_of_things),
        cmocka_unit_test(boxes_come_back),
        cmocka_unit_test(boxes_are_cut_at_the_edges_and_gone_in_the_bars),
        cmocka_unit_test(samples_go_to_their_places),
        cmocka_unit_test(bars_are_drawn_anew_for_another_size),
        cmocka_unit_test(what_cannot_be_decoded_is_refused),
    };
    return cmocka_run_group_tests_name("predict/tensor_image", tests, NULL, NULL);
}
