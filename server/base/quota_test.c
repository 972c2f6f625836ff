/* SPDX-License-Identifier: MIT */
#include "base/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void what_is_too_much_is_counted_until_one_passes(void **state)
{
    (void)state;
    struct quota quota = { .most = 2, .window_ns = 100 };
    uint64_t left_out = 99;
    assert_true(quota_take(&quota, 1000, &left_out));
    assert_int_equal(left_out, 0);
    assert_true(quota_take(&quota, 1099, &left_out));
    left_out = 99;
    assert_false(quota_take(&quota, 1099, &left_out));
    assert_false(quota_take(&quota, 1099, &left_out));
    assert_int_equal(left_out, 99);
    assert_true(quota_take(&quota, 1100, &left_out));
    assert_int_equal(left_out, 2);
    assert_true(quota_take(&quota, 1101, &left_out));
    assert_int_equal(left_out, 0);
    assert_false(quota_take(&quota, 1102, &left_out));
}

static void a_window_begins_with_its_first(void **state)
{
    (void)state;
    struct quota quota = { .most = 1, .window_ns = 100 };
    uint64_t left_out = 0;
    assert_true(quota_take(&quota, 0, &left_out));
    assert_true(quota_take(&quota, 190, &left_out));
    assert_false(quota_take(&quota, 289, &left_out));
    assert_true(quota_take(&quota, 290, &left_out));
}

static void a_quota_of_none_lets_nothing_pass(void **state)
{
    (void)state;
    struct quota quota = { .most = 0, .window_ns = 1 };
    uint64_t left_out = 0;
    for (int64_t now_ns = 0; now_ns < 5; now_ns++) {
        assert_false(quota_take(&quota, now_ns, &left_out));
    }
    assert_int_equal(quota.left_out, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_much_is_counted_until_one_passes),
        cmocka_unit_test(a_window_begins_with_its_first),
        cmocka_unit_test(a_quota_of_none_lets_nothing_pass),
    };
    return cmocka_run_group_tests_name("base/quota", tests, NULL, NULL);
}
