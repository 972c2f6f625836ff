/* SPDX-License-Identifier: MIT */
#include "encode/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Luma grows to the right, chroma downwards, so that every place can be told. */
static struct picture *ramp(enum picture_format format, uint32_t width, uint32_t height)
{
    struct picture *picture = picture_new_planar(format, width, height);
    assert_non_null(picture);
    for (unsigned plane = 0; plane < (format == PICTURE_GRAY ? 1u : 3u); plane++) {
        for (uint32_t y = 0; y < picture_plane_height(picture, plane); y++) {
            uint8_t *row = picture_plane(picture, plane) + y * picture->planes[plane].stride;
            for (uint32_t x = 0; x < picture_plane_width(picture, plane); x++) {
                row[x] = (uint8_t)(plane == 0 ? x : y);
            }
        }
    }
    picture->seq = 7;
    picture->captured_ns = 8;
    picture->captured_at_us = 9;
    return picture;
}

static void the_whole_is_the_picture_itself(void **state)
{
    (void)state;
    const struct view_region all[] = { { 0 }, { 0, 0, 1, 1 } };
    struct view_maker *maker = view_maker_new();
    struct picture *picture = ramp(PICTURE_YUV420, 64, 48);
    for (int i = 0; i < 2; i++) {
        struct view_region actual;
        struct picture *view = view_make(maker, picture, &all[i], i == 0 ? 64 : 0, &actual);
        assert_ptr_equal(view, picture);
        assert_true(actual.x == 0 && actual.width == 1 && actual.height == 1);
        picture_unref(&view);
    }
    view_maker_free(&maker);
    picture_unref(&picture);
}

static void a_region_shares_the_planes_and_outlives_the_reference(void **state)
{
    (void)state;
    static const enum picture_format formats[] = { PICTURE_GRAY, PICTURE_YUV420, PICTURE_YUV422,
                                                   PICTURE_YUV444 };
    for (int i = 0; i < 4; i++) {
        struct view_maker *maker = view_maker_new();
        struct picture *picture = ramp(formats[i], 64, 48);
        const uint8_t *luma = picture->planes[0].data;
        struct view_region actual;
        struct picture *view =
            view_make(maker, picture, &(struct view_region){ 0.25f, 0.5f, 0.3f, 0.9f }, 0, &actual);
        assert_non_null(view);
        picture_unref(&picture);
        view_maker_free(&maker);
        /* 16 to 35.2, made even; the lower half, cut off at the end */
        assert_int_equal(view->width, 20);
        assert_int_equal(view->height, 24);
        assert_true(actual.x == 0.25f && actual.y == 0.5f);
        assert_true(actual.width == 20 / 64.0f && actual.height == 0.5f);
        assert_ptr_equal(view->planes[0].data, luma + 24 * view->planes[0].stride + 16);
        assert_int_equal(view->seq, 7);
        assert_int_equal(view->captured_ns, 8);
        assert_int_equal(view->captured_at_us, 9);
        if (formats[i] != PICTURE_GRAY) {
            const unsigned half = formats[i] == PICTURE_YUV420 ? 2 : 1;
            assert_int_equal(view->planes[1].data[0], 24 / half);
        }
        picture_unref(&view);
    }
}

static void a_wide_region_is_made_smaller(void **state)
{
    (void)state;
    struct view_maker *maker = view_maker_new();
    struct picture *picture = ramp(PICTURE_YUV420, 200, 100);
    for (int i = 0; i < 3; i++) {
        struct view_region actual;
        struct picture *view =
            view_make(maker, picture, &(struct view_region){ 0.5f, 0, 0.5f, 1 }, 50, &actual);
        assert_non_null(view);
        assert_int_equal(view->width, 50);
        assert_int_equal(view->height, 50);
        assert_int_equal(view->seq, 7);
        assert_in_range(view->planes[0].data[0], 99, 103);
        assert_in_range(view->planes[0].data[49], 195, 200);
        picture_unref(&view);
    }
    view_maker_free(&maker);
    picture_unref(&picture);
}

static void what_is_outside_gives_nothing(void **state)
{
    (void)state;
    static const struct view_region rows[] = {
        { 1, 0, 0.5f, 0.5f }, { 0, 0.2f, 0, 0.5f }, { -1, 0, 1, 1 }, { 0, 2, 1, 1 }
    };
    struct view_maker *maker = view_maker_new();
    struct picture *picture = ramp(PICTURE_YUV444, 9, 7);
    struct view_region actual;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_null(view_make(maker, picture, &rows[i], 0, &actual));
    }
    /* the last pixels of odd sides */
    struct picture *corner =
        view_make(maker, picture, &(struct view_region){ 0.9f, 0.9f, 1, 1 }, 0, &actual);
    assert_int_equal(corner->width, 1);
    assert_int_equal(corner->height, 1);
    assert_int_equal(corner->planes[0].data[0], 8);
    picture_unref(&corner);
    view_maker_free(&maker);
    picture_unref(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_is_the_picture_itself),
        cmocka_unit_test(a_region_shares_the_planes_and_outlives_the_reference),
        cmocka_unit_test(a_wide_region_is_made_smaller),
        cmocka_unit_test(what_is_outside_gives_nothing),
    };
    return cmocka_run_group_tests_name("encode/view", tests, NULL, NULL);
}
