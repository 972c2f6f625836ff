/* SPDX-License-Identifier: MIT */
#include "cli/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void pauses_double_up_to_a_bound(void **state)
{
    static const int64_t longest[] = { 250, 500, 1000, 2000, 4000, 8000, 10000, 10000 };
    struct backoff first = { 0 }, last = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
        assert_int_equal(backoff_next_ms(&last, UINT32_MAX), longest[i]);
        assert_int_equal(backoff_next_ms(&first, 0), longest[i] / 2);
    }
    backoff_reset(&last);
    assert_int_equal(backoff_next_ms(&last, UINT32_MAX), BACKOFF_FIRST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(pauses_double_up_to_a_bound) };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
