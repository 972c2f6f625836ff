/* SPDX-License-Identifier: MIT */
#include "picture/canvas.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "picture/font.h"

static const struct canvas_colour black = { .y = 0, .cb = 128, .cr = 128 };
static const struct canvas_colour white = { .y = 255, .cb = 128, .cr = 128 };
static const struct canvas_colour red = { .y = 76, .cb = 85, .cr = 255 };

static struct canvas_rect rect(int x, int y, int width, int height)
{
    return (struct canvas_rect){ x, y, width, height };
}

static struct canvas_pen pen(int x, int y, int scale)
{
    return (struct canvas_pen){ .x = x, .y = y, .scale = scale, .colour = white };
}

static struct picture *canvas(enum picture_format format, uint32_t width, uint32_t height)
{
    struct picture *picture = picture_new_planar(format, width, height);
    assert_non_null(picture);
    picture->is_full_range = true;
    canvas_fill(picture, rect(INT_MIN, INT_MIN, INT_MAX, INT_MAX), white); /* all outside */
    canvas_fill(picture, rect(0, 0, INT_MAX, INT_MAX), black);
    return picture;
}

static unsigned sample(const struct picture *picture, unsigned plane, unsigned x, unsigned y)
{
    return picture->planes[plane].data[y * picture->planes[plane].stride + x];
}

static void canvas_fill_clips(void **state)
{
    (void)state;
    struct picture *picture = canvas(PICTURE_YUV420, 9, 7);
    canvas_fill(picture, rect(-3, -3, 5, 5), red);
    canvas_fill(picture, rect(8, 6, INT_MAX, INT_MAX), red);
    canvas_fill(picture, rect(4, 4, 0, 3), red);
    canvas_fill(picture, rect(4, 4, -2, 3), red);
    for (unsigned y = 0; y < 7; y++) {
        for (unsigned x = 0; x < 9; x++) {
            const bool is_red = (x < 2 && y < 2) || (x == 8 && y == 6);
            assert_int_equal(sample(picture, 0, x, y), is_red ? 76 : 0);
            assert_int_equal(sample(picture, 2, x / 2, y / 2), is_red ? 255 : 128);
        }
    }
    picture_unref(&picture);
}

static void canvas_keeps_to_the_range_of_the_picture(void **state)
{
    (void)state;
    struct picture *picture = canvas(PICTURE_YUV444, 8, 8);
    picture->is_full_range = false;
    canvas_fill(picture, rect(0, 0, 4, 8), white);
    canvas_fill(picture, rect(4, 0, 4, 8), black);
    assert_int_equal(sample(picture, 0, 0, 0), 235);
    assert_int_equal(sample(picture, 0, 7, 7), 16);
    assert_int_equal(sample(picture, 1, 7, 7), 128);
    picture_unref(&picture);
}

static void canvas_frame_is_inside(void **state)
{
    (void)state;
    struct picture *picture = canvas(PICTURE_GRAY, 10, 10);
    canvas_frame(picture, rect(1, 1, 8, 8), 2, white);
    canvas_frame(picture, rect(4, 4, 2, 2), 50, white);
    canvas_frame(picture, rect(0, 0, -1, 5), 1, white);
    for (unsigned y = 0; y < 10; y++) {
        for (unsigned x = 0; x < 10; x++) {
            const bool is_in = x >= 1 && x < 9 && y >= 1 && y < 9;
            const bool is_hole = x >= 3 && x < 7 && y >= 3 && y < 7;
            const bool is_dot = x >= 4 && x < 6 && y >= 4 && y < 6;
            assert_int_equal(sample(picture, 0, x, y), (is_in && !is_hole) || is_dot ? 255 : 0);
        }
    }
    picture_unref(&picture);
}

static void canvas_text_draws_glyphs_to_scale(void **state)
{
    (void)state;
    struct picture *picture = canvas(PICTURE_GRAY, 40, 20);
    canvas_text(picture, pen(2, 1, 2), "L\x80");
    assert_int_equal(canvas_text_width("L\x80", 2), 24);
    for (unsigned y = 0; y < 14; y++) {
        assert_int_equal(sample(picture, 0, 2, 1 + y), 255); /* the stem of the L */
        assert_int_equal(sample(picture, 0, 4, 1 + y), y < 12 ? 0 : 255);
    }
    const uint8_t *question = font_glyph('?');
    for (unsigned y = 0; y < 7; y++) {
        for (unsigned x = 0; x < 5; x++) {
            assert_int_equal(sample(picture, 0, 2 + 12 + 2 * x, 1 + 2 * y),
                             question[y] >> (4 - x) & 1 ? 255 : 0);
        }
    }
    picture_unref(&picture);
}

static void canvas_text_is_clipped_everywhere(void **state)
{
    (void)state;
    static const enum picture_format formats[] = { PICTURE_GRAY, PICTURE_YUV420, PICTURE_YUV422,
                                                   PICTURE_YUV444 };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct picture *picture = canvas(formats[i], 11, 5);
        for (int y = -10; y < 10; y++) {
            for (int x = -70; x < 20; x++) {
                canvas_text(picture, pen(x, y, 1), "Wide text.");
            }
        }
        canvas_text(picture, pen(INT_MIN, INT_MIN, 3), "W");
        canvas_text(picture, pen(INT_MAX, INT_MAX, 3), "W");
        canvas_text(picture, pen(0, 0, INT_MAX), "W");
        canvas_text(picture, pen(0, 0, 0), "W");
        picture_unref(&picture);
    }
}

/* A letter that is blank, or the same as another, is a slip in the table. */
static void font_letters_differ(void **state)
{
    (void)state;
    for (char a = '!'; a <= '~'; a++) {
        for (char b = ' '; b < a; b++) {
            assert_memory_not_equal(font_glyph(a), font_glyph(b), FONT_HEIGHT);
        }
        for (unsigned row = 0; row < FONT_HEIGHT; row++) {
            assert_true(font_glyph(a)[row] < 1 << FONT_WIDTH);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canvas_fill_clips),
        cmocka_unit_test(canvas_keeps_to_the_range_of_the_picture),
        cmocka_unit_test(canvas_frame_is_inside),
        cmocka_unit_test(canvas_text_draws_glyphs_to_scale),
        cmocka_unit_test(canvas_text_is_clipped_everywhere),
        cmocka_unit_test(font_letters_differ),
    };
    return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
