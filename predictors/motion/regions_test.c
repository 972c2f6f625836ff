/* SPDX-License-Identifier: MIT */
#include "regions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "background.h"

enum { WIDTH = 160, HEIGHT = 120 };

struct bench {
    struct regions *finder;
    uint8_t marks[WIDTH * HEIGHT];
    struct region found[REGIONS_MAX];
};

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){ .finder = regions_new(WIDTH * HEIGHT) };
    *state = &bench;
    return bench.finder ? 0 : -1;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    regions_free(&b->finder);
    return 0;
}

struct box {
    size_t left, top, width, height;
};

static void fill(struct bench *b, uint8_t mark, struct box box)
{
    for (size_t y = box.top; y < box.top + box.height; y++) {
        memset(&b->marks[y * WIDTH + box.left], mark, box.width);
    }
}

static size_t find(struct bench *b)
{
    const struct raster marks = {
        .data = b->marks,
        .stride = WIDTH,
        .width = WIDTH,
        .height = HEIGHT,
    };
    return regions_find(b->finder, marks, 40.0f, b->found);
}

static void assert_box(const struct region *r, float left, float top, float right, float bottom)
{
    assert_true(r->left == left && r->top == top && r->right == right && r->bottom == bottom);
}

static void an_empty_picture_has_no_regions(void **state)
{
    assert_int_equal(find(*state), 0);
}

static void a_body_is_measured_exactly(void **state)
{
    struct bench *b = *state;
    fill(b, BACKGROUND_STRONG, (struct box){ 20, 30, 10, 25 });
    assert_int_equal(find(b), 1);
    assert_box(&b->found[0], 20, 30, 30, 55);
    assert_int_equal(b->found[0].pixel_count, 250);
    assert_int_equal(b->found[0].strong_count, 250);
}

static void bodies_at_the_picture_s_edges_are_whole(void **state)
{
    struct bench *b = *state;
    fill(b, BACKGROUND_STRONG, (struct box){ 0, 0, 10, 25 });
    fill(b, BACKGROUND_STRONG, (struct box){ WIDTH - 10, HEIGHT - 25, 10, 25 });
    assert_int_equal(find(b), 2);
    assert_box(&b->found[0], 0, 0, 10, 25);
    assert_box(&b->found[1], WIDTH - 10, HEIGHT - 25, WIDTH, HEIGHT);
}

static void a_full_picture_is_one_region(void **state)
{
    struct bench *b = *state;
    fill(b, BACKGROUND_STRONG, (struct box){ 0, 0, WIDTH, HEIGHT });
    assert_int_equal(find(b), 1);
    assert_box(&b->found[0], 0, 0, WIDTH, HEIGHT);
}

static void single_pixels_and_wires_are_nothing(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < WIDTH * HEIGHT; i += 11) {
        b->marks[i] = BACKGROUND_STRONG;
    }
    fill(b, BACKGROUND_STRONG, (struct box){ 0, 60, WIDTH, 2 });
    assert_int_equal(find(b), 0);
}

static void what_is_only_weak_is_nothing(void **state)
{
    struct bench *b = *state;
    fill(b, BACKGROUND_WEAK, (struct box){ 20, 30, 10, 25 });
    assert_int_equal(find(b), 0);
    fill(b, BACKGROUND_STRONG, (struct box){ 20, 30, 10, 8 });
    assert_int_equal(find(b), 1);
}

static void arms_that_meet_below_are_joined(void **state)
{
    struct bench *b = *state; /* a U: two labels until the last lines */
    fill(b, BACKGROUND_STRONG, (struct box){ 20, 30, 6, 30 });
    fill(b, BACKGROUND_STRONG, (struct box){ 40, 30, 6, 30 });
    fill(b, BACKGROUND_STRONG, (struct box){ 20, 60, 26, 6 });
    assert_int_equal(find(b), 1);
    assert_box(&b->found[0], 20, 30, 46, 66);
}

static void pieces_above_each_other_are_one_body(void **state)
{
    struct bench *b = *state;
    fill(b, BACKGROUND_STRONG, (struct box){ 20, 30, 10, 12 });
    fill(b, BACKGROUND_STRONG, (struct box){ 21, 45, 9, 12 });
    assert_int_equal(find(b), 1);
    assert_box(&b->found[0], 20, 30, 30, 57);
}

static void pieces_side_by_side_are_two(void **state)
{
    struct bench *b = *state;
    fill(b, BACKGROUND_STRONG, (struct box){ 20, 30, 10, 25 });
    fill(b, BACKGROUND_STRONG, (struct box){ 34, 30, 10, 25 });
    assert_int_equal(find(b), 2);
}

static void too_many_regions_are_cut_off(void **state)
{
    struct bench *b = *state;
    for (size_t y = 0; y + 12 <= HEIGHT; y += 20) {
        for (size_t x = 0; x + 6 <= WIDTH; x += 10) {
            fill(b, BACKGROUND_STRONG, (struct box){ x, y, 6, 12 });
        }
    }
    assert_int_equal(find(b), REGIONS_MAX);
}

static void boxes_share_what_lies_in_both(void **state)
{
    (void)state;
    const struct region a = { .left = 0, .top = 0, .right = 10, .bottom = 10 };
    const struct region b = { .left = 6, .top = 8, .right = 20, .bottom = 30 };
    const struct region beside = { .left = 10, .top = 0, .right = 20, .bottom = 10 };
    assert_true(region_area(&a) == 100.0f);
    assert_true(region_common_area(&a, &b) == 8.0f);
    assert_true(region_common_area(&a, &beside) == 0.0f);
}

static void free_takes_null(void **state)
{
    (void)state;
    struct regions *none = NULL;
    regions_free(&none);
    assert_null(none);
}

int main(void)
{
#define WITH_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(an_empty_picture_has_no_regions),
        WITH_BENCH(a_body_is_measured_exactly),
        WITH_BENCH(bodies_at_the_picture_s_edges_are_whole),
        WITH_BENCH(a_full_picture_is_one_region),
        WITH_BENCH(single_pixels_and_wires_are_nothing),
        WITH_BENCH(what_is_only_weak_is_nothing),
        WITH_BENCH(arms_that_meet_below_are_joined),
        WITH_BENCH(pieces_above_each_other_are_one_body),
        WITH_BENCH(pieces_side_by_side_are_two),
        WITH_BENCH(too_many_regions_are_cut_off),
        cmocka_unit_test(boxes_share_what_lies_in_both),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests_name("regions", tests, NULL, NULL);
}
