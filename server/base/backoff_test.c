/* SPDX-License-Identifier: MIT */
#include "base/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void waits_double_up_to_the_most(void **state)
{
    (void)state;
    struct backoff backoff = { .min_ns = 250, .max_ns = 2000 };
    static const int64_t expected[] = { 250, 500, 1000, 2000, 2000, 2000 };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(backoff_next(&backoff, UINT32_MAX), expected[i]);
    }
    backoff_reset(&backoff);
    assert_int_equal(backoff_next(&backoff, UINT32_MAX), 250);
}

static void chance_takes_at_most_half(void **state)
{
    (void)state;
    struct backoff backoff = { .min_ns = 1000, .max_ns = 1000 };
    assert_int_equal(backoff_next(&backoff, 0), 500);
    assert_int_equal(backoff_next(&backoff, UINT32_MAX / 2 + 1), 750);
    assert_int_equal(backoff_next(&backoff, UINT32_MAX), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_most),
        cmocka_unit_test(chance_takes_at_most_half),
    };
    return cmocka_run_group_tests_name("base/backoff", tests, NULL, NULL);
}
