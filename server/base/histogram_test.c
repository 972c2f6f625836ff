/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void histogram_is_empty_at_first(void **state)
{
    (void)state;
    static struct histogram h;
    assert_int_equal(histogram_quantile(&h, 0.5), -1);
}

static void histogram_quantile_is_right_to_an_eighth(void **state)
{
    (void)state;
    for (int64_t value = 1; value < INT64_C(1) << 42; value += value / 3 + 1) {
        struct histogram h = { .count = 0 };
        histogram_add(&h, value);
        const int64_t got = histogram_quantile(&h, 0.5);
        assert_true(got > value);
        assert_true(got <= value + value / 8 + 1);
    }
}

static void histogram_quantile_orders_values(void **state)
{
    (void)state;
    struct histogram h = { .count = 0 };
    for (int i = 0; i < 90; i++) {
        histogram_add(&h, 1000);
    }
    for (int i = 0; i < 10; i++) {
        histogram_add(&h, 1000000);
    }
    assert_in_range(histogram_quantile(&h, 0.5), 1000, 1130);
    assert_in_range(histogram_quantile(&h, 0.9), 1000, 1130);
    assert_in_range(histogram_quantile(&h, 0.91), 1000000, 1130000);
    assert_in_range(histogram_quantile(&h, 1.0), 1000000, 1130000);
}

static void histogram_takes_any_value(void **state)
{
    (void)state;
    struct histogram h = { .count = 0 };
    histogram_add(&h, INT64_MAX);
    histogram_add(&h, -5);
    histogram_add(&h, 0);
    assert_int_equal(h.count, 3);
    assert_int_equal(histogram_quantile(&h, 0.1), 1);
    assert_int_equal(histogram_quantile(&h, 1.0), INT64_C(1) << 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_is_empty_at_first),
        cmocka_unit_test(histogram_quantile_is_right_to_an_eighth),
        cmocka_unit_test(histogram_quantile_orders_values),
        cmocka_unit_test(histogram_takes_any_value),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
