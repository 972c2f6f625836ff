/* SPDX-License-Identifier: MIT */
#include "background.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 40, PIXELS = SIDE * SIDE, RATE_HZ = 20 };

static const float STEP_S = 1.0f / RATE_HZ;

struct bench {
    struct background *bg;
    uint8_t luma[PIXELS], marks[PIXELS];
    uint32_t seed;
};

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){ .seed = 1 };
    bench.bg = background_new(&(struct background_options){
        .pixel_max = PIXELS,
        .contrast_min = 9.0f,
        .warm_up_s = 1.0f,
        .absorb_s = 4.0f,
    });
    background_restart(bench.bg, PIXELS);
    *state = &bench;
    return bench.bg ? 0 : -1;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    background_free(&b->bg);
    return 0;
}

/* A smooth ground from dark to bright, lit by gain, with noise of +-2. */
static void draw_ground(struct bench *b, float gain)
{
    for (size_t i = 0; i < PIXELS; i++) {
        b->seed = b->seed * 1664525U + 1013904223U;
        const float noise = (float)(b->seed >> 24) / 64.0f - 2.0f;
        b->luma[i] = (uint8_t)(gain * (60.0f + 2.0f * (float)(i % SIDE)) + noise);
    }
}

/* A thing of 10 x 20 pixels. */
static void draw_thing(struct bench *b, size_t left, uint8_t value)
{
    for (size_t y = 10; y < 30; y++) {
        memset(&b->luma[y * SIDE + left], value, 10);
    }
}

static size_t marked(const struct bench *b)
{
    size_t count = 0;
    for (size_t i = 0; i < PIXELS; i++) {
        count += b->marks[i] != BACKGROUND_QUIET;
    }
    return count;
}

static void look_at_ground(struct bench *b, float for_s)
{
    for (float t = 0.0f; t < for_s; t += STEP_S) {
        draw_ground(b, 1.0f);
        background_look(b->bg, b->luma, STEP_S, b->marks);
    }
}

static void nothing_is_marked_before_the_warm_up_is_over(void **state)
{
    struct bench *b = *state;
    draw_ground(b, 1.0f);
    assert_false(background_look(b->bg, b->luma, 0.0f, b->marks));
    for (int n = 1; n < RATE_HZ - 1; n++) {
        draw_ground(b, 1.0f);
        draw_thing(b, (size_t)n, 250);
        assert_false(background_look(b->bg, b->luma, STEP_S, b->marks));
        assert_int_equal(marked(b), 0);
    }
}

static void a_thing_is_marked_and_the_ground_is_not(void **state)
{
    struct bench *b = *state;
    look_at_ground(b, 2.0f);
    draw_ground(b, 1.0f);
    draw_thing(b, 5, 250);
    assert_true(background_look(b->bg, b->luma, STEP_S, b->marks));
    assert_int_equal(marked(b), 200);
    assert_int_equal(b->marks[10 * SIDE + 5], BACKGROUND_STRONG);
}

static void a_shadow_is_not_a_thing(void **state)
{
    struct bench *b = *state;
    look_at_ground(b, 2.0f);
    draw_ground(b, 1.0f);
    for (size_t i = 0; i < PIXELS / 4; i++) {
        b->luma[i] = (uint8_t)(b->luma[i] * 0.8f);
    }
    background_look(b->bg, b->luma, STEP_S, b->marks);
    assert_int_equal(marked(b), 0);
}

static void who_stands_still_is_absorbed_and_leaves_no_ghost(void **state)
{
    struct bench *b = *state;
    look_at_ground(b, 12.0f);
    size_t after_half = 0;
    for (int n = 0; n < 6 * RATE_HZ; n++) {
        draw_ground(b, 1.0f);
        draw_thing(b, 5, 250);
        background_look(b->bg, b->luma, STEP_S, b->marks);
        after_half = n == 2 * RATE_HZ ? marked(b) : after_half;
    }
    assert_int_equal(after_half, 200);
    assert_int_equal(marked(b), 0);
    draw_ground(b, 1.0f);
    background_look(b->bg, b->luma, STEP_S, b->marks);
    assert_int_equal(marked(b), 0);
}

static void who_stood_there_at_the_start_is_outvoted(void **state)
{
    struct bench *b = *state;
    for (int n = 0; n < RATE_HZ / 2; n++) {
        draw_ground(b, 1.0f);
        draw_thing(b, 5, 250);
        background_look(b->bg, b->luma, STEP_S, b->marks);
    }
    look_at_ground(b, 2.0f);
    assert_int_equal(marked(b), 0);
}

static void a_change_of_light_is_followed_at_once(void **state)
{
    static const float gains[] = { 0.7f, 0.9f, 1.1f, 1.4f };
    for (size_t i = 0; i < sizeof(gains) / sizeof(gains[0]); i++) {
        struct bench *b = *state;
        background_restart(b->bg, PIXELS);
        look_at_ground(b, 3.0f);
        draw_ground(b, gains[i]);
        assert_true(background_look(b->bg, b->luma, STEP_S, b->marks));
        assert_true(marked(b) < PIXELS / 50);
    }
}

/* A window is a small part of the picture, and is lit as the rest is. */
static void a_small_bright_part_is_relit_with_the_rest(void **state)
{
    static const float gains[] = { 0.6f, 1.4f };
    for (size_t i = 0; i < sizeof(gains) / sizeof(gains[0]); i++) {
        struct bench *b = *state;
        background_restart(b->bg, PIXELS);
        for (int n = 0; n <= 3 * RATE_HZ; n++) {
            const float gain = n < 3 * RATE_HZ ? 1.0f : gains[i];
            memset(b->luma, (uint8_t)(60.0f * gain), PIXELS);
            draw_thing(b, 5, (uint8_t)(150.0f * gain));
            background_look(b->bg, b->luma, STEP_S, b->marks);
        }
        assert_int_equal(marked(b), 0);
    }
}

static void a_picture_all_new_begins_anew(void **state)
{
    struct bench *b = *state;
    look_at_ground(b, 2.0f);
    for (size_t i = 0; i < PIXELS; i++) {
        b->luma[i] = i / 7 % 2 ? 230 : 10;
    }
    assert_false(background_look(b->bg, b->luma, STEP_S, b->marks));
    assert_int_equal(marked(b), 0);
    for (int n = 0; n < 2 * RATE_HZ; n++) {
        background_look(b->bg, b->luma, STEP_S, b->marks);
        assert_int_equal(marked(b), 0);
    }
}

static void free_takes_null(void **state)
{
    (void)state;
    struct background *none = NULL;
    background_free(&none);
    assert_null(none);
}

int main(void)
{
#define WITH_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(nothing_is_marked_before_the_warm_up_is_over),
        WITH_BENCH(a_thing_is_marked_and_the_ground_is_not),
        WITH_BENCH(a_shadow_is_not_a_thing),
        WITH_BENCH(who_stands_still_is_absorbed_and_leaves_no_ghost),
        WITH_BENCH(who_stood_there_at_the_start_is_outvoted),
        WITH_BENCH(a_change_of_light_is_followed_at_once),
        WITH_BENCH(a_small_bright_part_is_relit_with_the_rest),
        WITH_BENCH(a_picture_all_new_begins_anew),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
