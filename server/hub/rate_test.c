/* SPDX-License-Identifier: MIT */
#include "hub/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

static int rate_milli(const struct rate *rate, int64_t now_ns)
{
    return (int)(rate_per_s(rate, now_ns) * 1000 + 0.5);
}

static void even_pictures_give_their_rate(void **state)
{
    (void)state;
    const int64_t rows[] = { 1, 2, 5, 10, 25, 30, 60, 120, 240 };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rate rate = { 0 };
        int64_t now_ns = 0;
        for (int64_t n = 0; n < rows[i] * 5; n++) {
            now_ns = n * NS_PER_S / rows[i];
            rate_add(&rate, now_ns);
        }
        assert_in_range(rate_milli(&rate, now_ns), rows[i] * 1000 - 1, rows[i] * 1000 + 1);
    }
}

static void nothing_comes_to_zero(void **state)
{
    (void)state;
    struct rate rate = { 0 };
    assert_int_equal(rate_milli(&rate, 0), 0);
    rate_add(&rate, 0);
    assert_int_equal(rate_milli(&rate, 0), 0);
    rate_add(&rate, 0);
    assert_int_equal(rate_milli(&rate, 0), 0);
    rate_add(&rate, NS_PER_S / 10);
    assert_true(rate_milli(&rate, NS_PER_S / 10) > 0);
    assert_true(rate_milli(&rate, NS_PER_S) > 0);
    assert_int_equal(rate_milli(&rate, 3 * NS_PER_S), 0);
}

static void change_of_rate_is_seen_after_two_seconds(void **state)
{
    (void)state;
    struct rate rate = { 0 };
    int64_t now_ns = 0;
    for (int i = 0; i < 60; i++) {
        rate_add(&rate, now_ns += NS_PER_S / 30);
    }
    for (int i = 0; i < 12; i++) {
        rate_add(&rate, now_ns += NS_PER_S / 5);
    }
    assert_in_range(rate_milli(&rate, now_ns), 4999, 5001);
}

static void slow_pictures_have_a_rate_until_one_is_missing(void **state)
{
    (void)state;
    struct rate rate = { 0 };
    for (int i = 0; i < 4; i++) {
        rate_add(&rate, i * 10 * NS_PER_S);
    }
    assert_int_equal(rate_milli(&rate, 30 * NS_PER_S), 100);
    assert_int_equal(rate_milli(&rate, 49 * NS_PER_S), 100);
    assert_int_equal(rate_milli(&rate, 51 * NS_PER_S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_pictures_give_their_rate),
        cmocka_unit_test(nothing_comes_to_zero),
        cmocka_unit_test(change_of_rate_is_seen_after_two_seconds),
        cmocka_unit_test(slow_pictures_have_a_rate_until_one_is_missing),
    };
    return cmocka_run_group_tests_name("hub/rate", tests, NULL, NULL);
}
