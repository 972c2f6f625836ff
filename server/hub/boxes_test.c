/* SPDX-License-Identifier: MIT */
#include "hub/boxes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define FLAT 128

static struct picture *flat(enum picture_format format, uint32_t width, uint32_t height)
{
    struct picture *picture = picture_new_planar(format, width, height);
    assert_non_null(picture);
    picture->is_full_range = true;
    for (unsigned i = 0; i < PICTURE_PLANES_MAX && picture->planes[i].data; i++) {
        memset(picture_plane(picture, i), FLAT,
               picture->planes[i].stride * picture_plane_height(picture, i));
    }
    return picture;
}

static int luma(const struct picture *picture, uint32_t x, uint32_t y)
{
    return picture->planes[0].data[y * picture->planes[0].stride + x];
}

static bool is_flat(const struct picture *picture)
{
    for (uint32_t y = 0; y < picture->height; y++) {
        for (uint32_t x = 0; x < picture->width; x++) {
            if (luma(picture, x, y) != FLAT) {
                return false;
            }
        }
    }
    return true;
}

static struct prediction_object object(float x, float y, float width, float height)
{
    return (struct prediction_object){
        .label = "cat",
        .score = 0.5f,
        .x = x,
        .y = y,
        .width = width,
        .height = height,
    };
}

static void frame_is_where_the_box_is_at_any_size(void **state)
{
    (void)state;
    const struct prediction_object it = object(0.25f, 0.5f, 0.5f, 0.25f);
    const uint32_t widths[] = { 160, 640, 1280, 1921 };
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        const uint32_t width = widths[i], height = width / 2;
        struct picture *picture = flat(PICTURE_YUV420, width, height);
        boxes_draw(picture, &it, 1);
        const uint32_t left = (width + 2) / 4, right = width - left, top = (height + 1) / 2;
        const uint32_t bottom = top + height / 4, middle = (top + bottom) / 2;
        assert_true(luma(picture, left, middle) > FLAT + 20);
        assert_true(luma(picture, right - 1, middle) > FLAT + 20);
        assert_true(luma(picture, width / 2, bottom - 1) > FLAT + 20);
        assert_true(luma(picture, left - 1, middle) < FLAT - 20); /* the dark line beside it */
        assert_int_equal(luma(picture, width / 2, middle), FLAT);
        assert_int_equal(luma(picture, left - 10, middle), FLAT);
        assert_int_equal(luma(picture, right + 10, middle), FLAT);
        picture_unref(&picture);
    }
}

/* Of the caption's plate, the dark share: there are letters, and there is something around them. */
static void caption_stands_above_the_box_and_grows_with_the_picture(void **state)
{
    (void)state;
    const struct prediction_object it = object(0.25f, 0.5f, 0.5f, 0.25f);
    unsigned rows_before = 0;
    const uint32_t widths[] = { 320, 640, 1280, 3840 };
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        const uint32_t width = widths[i], height = width / 2;
        struct picture *picture = flat(PICTURE_GRAY, width, height);
        boxes_draw(picture, &it, 1);
        unsigned rows = 0, dark = 0, bright = 0;
        for (uint32_t y = 0; y < height / 2 - width / 100; y++) {
            bool has_any = false;
            for (uint32_t x = 0; x < width; x++) {
                dark += luma(picture, x, y) < FLAT - 20;
                bright += luma(picture, x, y) > FLAT + 20;
                has_any = has_any || luma(picture, x, y) != FLAT;
            }
            rows += has_any;
        }
        assert_true(dark > 0 && bright > dark);
        assert_true(rows * 80 > width / 2 && rows >= 6 && rows > rows_before);
        rows_before = rows;
        picture_unref(&picture);
    }
}

static void caption_says_what_there_is_room_for(void **state)
{
    (void)state;
    const struct {
        const char *label;
        float score;
        uint32_t track;
        size_t most;
        const char *expected;
    } rows[] = {
        { "person", 0.914f, 7, 13, "person 91% #7" },
        { "person", 0.914f, 7, 12, "person #7" },
        { "person", 0.914f, 7, 9, "person #7" },
        { "person", 0.914f, 7, 8, "#7" },
        { "person", 0.914f, 7, 0, "#7" },
        { "cat", 0.5f, 0, 7, "cat 50%" },
        { "cat", 0.5f, 0, 6, "cat" },
        { "cat", 0.5f, 0, 0, "cat" },
        { "cat", -1.0f, 0, 99, "cat" },
        { "cat", NAN, 0, 99, "cat" },
        { "cat", INFINITY, 0, 99, "cat 100%" },
        { "", 1.0f, 0, 99, "object 100%" },
        { "f\xc3\xbc\x66\n", -1.0f, UINT32_MAX, 99, "f?f? #4294967295" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct prediction_object it = { .score = rows[i].score, .track = rows[i].track };
        strcpy(it.label, rows[i].label);
        char caption[BOXES_CAPTION_SIZE];
        boxes_caption(&it, rows[i].most, caption);
        assert_string_equal(caption, rows[i].expected);
    }
    struct prediction_object longest = { .score = 1.0f, .track = UINT32_MAX };
    memset(longest.label, 'l', PREDICTION_LABEL_SIZE - 1);
    char caption[BOXES_CAPTION_SIZE];
    boxes_caption(&longest, SIZE_MAX, caption);
    assert_non_null(strstr(caption, "l 100% #4294967295"));
}

static void nothing_is_drawn_of_boxes_that_are_none(void **state)
{
    (void)state;
    const struct prediction_object rows[] = {
        object(0.5f, 0.5f, 0.0f, 0.1f),      object(0.5f, 0.5f, 0.1f, -0.1f),
        object(NAN, NAN, NAN, NAN),          object(1.5f, 0.2f, 0.1f, 0.1f),
        object(-5.0f, 0.2f, 0.1f, 0.1f),     object(0.2f, 3.0f, 0.1f, 0.1f),
        object(0.2f, -INFINITY, 0.1f, 0.1f),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct picture *picture = flat(PICTURE_YUV420, 64, 48);
        boxes_draw(picture, &rows[i], 1);
        assert_true(is_flat(picture));
        picture_unref(&picture);
    }
}

/* Whatever a predictor says, and in the smallest pictures: the sanitizers watch. */
static void anything_may_be_drawn_anywhere(void **state)
{
    (void)state;
    static const float values[] = { -1e30f, -0.5f, -0.01f, 0.0f, 0.3f, 0.99f, 1.0f, 2.5f, 1e30f };
    const size_t count = sizeof(values) / sizeof(values[0]);
    for (int format = PICTURE_GRAY; format < PICTURE_FORMAT_COUNT; format++) {
        for (uint32_t side = 1; side < 40; side += 6) {
            struct picture *picture = flat((enum picture_format)format, side, side);
            for (size_t i = 0; i < count * count * count; i++) {
                const struct prediction_object it =
                    object(values[i % count], values[i / count % count], values[i / count / count],
                           values[i * 7 % count]);
                boxes_draw(picture, &it, 1);
            }
            picture_unref(&picture);
        }
    }
}

static void tracks_and_labels_keep_their_colour(void **state)
{
    (void)state;
    int colours[4];
    const struct {
        const char *label;
        uint32_t track;
    } rows[4] = { { "cat", 3 }, { "dog", 3 }, { "cat", 0 }, { "dog", 0 } };
    for (size_t i = 0; i < 4; i++) {
        struct picture *picture = flat(PICTURE_YUV444, 64, 64);
        struct prediction_object it = object(0.0f, 0.5f, 1.0f, 0.5f);
        strcpy(it.label, rows[i].label);
        it.track = rows[i].track;
        boxes_draw(picture, &it, 1);
        colours[i] = picture->planes[1].data[48 * picture->planes[1].stride] << 8 |
                     picture->planes[2].data[48 * picture->planes[2].stride];
        picture_unref(&picture);
    }
    assert_int_equal(colours[0], colours[1]);
    assert_int_not_equal(colours[2], colours[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_is_where_the_box_is_at_any_size),
        cmocka_unit_test(caption_stands_above_the_box_and_grows_with_the_picture),
        cmocka_unit_test(caption_says_what_there_is_room_for),
        cmocka_unit_test(nothing_is_drawn_of_boxes_that_are_none),
        cmocka_unit_test(anything_may_be_drawn_anywhere),
        cmocka_unit_test(tracks_and_labels_keep_their_colour),
    };
    return cmocka_run_group_tests_name("hub/boxes", tests, NULL, NULL);
}
