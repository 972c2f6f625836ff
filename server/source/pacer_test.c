/* SPDX-License-Identifier: MIT */
#include "source/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)

static void pacer_follows_the_file(void **state)
{
    (void)state;
    struct pacer pacer = { .is_started = false };
    assert_int_equal(pacer_due(&pacer, 7 * S, 40 * MS, 100 * S), 100 * S);
    assert_int_equal(pacer_due(&pacer, 7 * S + 40 * MS, 40 * MS, 100 * S), 100 * S + 40 * MS);
    /* Read late, but not by much: the next is due as if nothing had been. */
    assert_int_equal(pacer_due(&pacer, 7 * S + 80 * MS, 40 * MS, 100 * S + 200 * MS),
                     100 * S + 80 * MS);
}

static void pacer_goes_on_when_the_file_begins_again(void **state)
{
    (void)state;
    struct pacer pacer = { .is_started = false };
    (void)pacer_due(&pacer, 0, 40 * MS, S);
    (void)pacer_due(&pacer, 5 * S, 40 * MS, S);
    assert_int_equal(pacer_due(&pacer, 0, 40 * MS, 6 * S), 6 * S + 40 * MS);
    assert_int_equal(pacer_due(&pacer, 40 * MS, 40 * MS, 6 * S), 6 * S + 80 * MS);
}

static void pacer_never_waits_for_a_jump_or_hurries(void **state)
{
    (void)state;
    struct pacer pacer = { .is_started = false };
    (void)pacer_due(&pacer, 0, 40 * MS, S);
    assert_int_equal(pacer_due(&pacer, 3600 * S, 40 * MS, S), S + 40 * MS);
    assert_int_equal(pacer_due(&pacer, INT64_MIN, 40 * MS, S), S + 80 * MS);
    assert_int_equal(pacer_due(&pacer, INT64_MAX, 40 * MS, S), S + 120 * MS);
    assert_int_equal(pacer_due(&pacer, INT64_MAX, 40 * MS, 60 * S), 60 * S); /* far behind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pacer_follows_the_file),
        cmocka_unit_test(pacer_goes_on_when_the_file_begins_again),
        cmocka_unit_test(pacer_never_waits_for_a_jump_or_hurries),
    };
    return cmocka_run_group_tests_name("pacing", tests, NULL, NULL);
}
