/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static void clock_steady_never_goes_back(void **state)
{
    (void)state;
    int64_t last = clock_steady_ns();
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        const int64_t now = clock_steady_ns();
        assert_true(now >= last);
        last = now;
    }
}

static void clock_wall_counts_microseconds_since_the_epoch(void **state)
{
    (void)state;
    const int64_t before = time(NULL);
    const int64_t wall = clock_wall_us();
    assert_in_range(wall / 1000000, before, before + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_steady_never_goes_back),
        cmocka_unit_test(clock_wall_counts_microseconds_since_the_epoch),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
