/* SPDX-License-Identifier: MIT */
#include "predict/suppress.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct candidates all;

static struct candidate at(float x, float score, uint32_t label)
{
    return (struct candidate){ { x, 0.2f, 0.2f, 0.2f }, score, label };
}

static void overlap_is_intersection_over_union(void **state)
{
    (void)state;
    const struct image_box a = { 0, 0, 0.5f, 0.5f }, b = { 0.25f, 0, 0.5f, 0.5f },
                           c = { 0.5f, 0, 0.5f, 0.5f };
    assert_float_equal(image_box_overlap(&a, &a), 1, 1e-6f);
    assert_float_equal(image_box_overlap(&a, &b), 1.0f / 3, 1e-6f);
    assert_float_equal(image_box_overlap(&a, &c), 0, 0);
}

static void best_of_those_that_overlap_is_kept(void **state)
{
    (void)state;
    candidates_begin(&all, 0.5f);
    const struct candidate some[] = {
        at(0.10f, 0.6f, 1),  at(0.11f, 0.9f, 1), at(0.12f, 0.7f, 1), /* one thing */
        at(0.11f, 0.8f, 2),                                          /* another, there too */
        at(0.50f, 0.5f, 1),                                          /* far off, just good enough */
        at(0.80f, 0.49f, 1),                                         /* too weak */
    };
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        candidates_add(&all, &some[i]);
    }
    assert_int_equal(all.count, 5);
    candidates_suppress(&all, 0.5f, 256);
    assert_int_equal(all.count, 3);
    assert_memory_equal(&all.items[0], &some[1], sizeof(some[1]));
    assert_memory_equal(&all.items[1], &some[3], sizeof(some[3]));
    assert_memory_equal(&all.items[2], &some[4], sizeof(some[4]));
    candidates_suppress(&all, 0.5f, 2);
    assert_int_equal(all.count, 2);
}

static void overlap_at_the_limit_is_no_overlap(void **state)
{
    (void)state;
    candidates_begin(&all, 0);
    const struct candidate a = { { 0, 0, 0.5f, 0.5f }, 0.9f, 0 };
    const struct candidate b = { { 0, 0, 0.5f, 0.25f }, 0.8f, 0 }; /* half of it */
    candidates_add(&all, &a);
    candidates_add(&all, &b);
    candidates_suppress(&all, 0.5f, 256);
    assert_int_equal(all.count, 2);
    candidates_suppress(&all, 0.49f, 256);
    assert_int_equal(all.count, 1);
}

static void what_is_no_number_or_no_box_is_not_taken(void **state)
{
    (void)state;
    candidates_begin(&all, 0);
    struct candidate bad[6];
    for (int i = 0; i < 6; i++) {
        bad[i] = at(0.1f, 0.5f, 0);
    }
    bad[0].score = NAN;
    bad[1].score = INFINITY;
    bad[2].box.x = NAN;
    bad[3].box.width = 0;
    bad[4].box.height = -0.1f;
    bad[5].box.width = INFINITY;
    for (int i = 0; i < 6; i++) {
        candidates_add(&all, &bad[i]);
    }
    assert_int_equal(all.count, 0);
}

static void of_too_many_the_best_stay(void **state)
{
    (void)state;
    candidates_begin(&all, 0);
    const int many = CANDIDATES_MAX * 3;
    for (int i = 0; i < many; i++) {
        const struct candidate one = at(0.1f, (float)(i * 7919 % many) / (float)many, 0);
        candidates_add(&all, &one);
    }
    candidates_sort(&all, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_float_equal(all.items[i].score, (float)(many - 1 - i) / (float)many, 1e-6f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_is_intersection_over_union),
        cmocka_unit_test(best_of_those_that_overlap_is_kept),
        cmocka_unit_test(overlap_at_the_limit_is_no_overlap),
        cmocka_unit_test(what_is_no_number_or_no_box_is_not_taken),
        cmocka_unit_test(of_too_many_the_best_stay),
    };
    return cmocka_run_group_tests_name("predict/suppress", tests, NULL, NULL);
}
