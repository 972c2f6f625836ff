/* SPDX-License-Identifier: MIT */
#include "source/pacing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)

static void backoff_doubles_up_to_its_most(void **state)
{
    (void)state;
    struct backoff backoff = { .min_ns = 250 * MS, .max_ns = 2 * S };
    static const int64_t waits_ms[] = { 250, 500, 1000, 2000, 2000, 2000 };
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        assert_int_equal(backoff_next(&backoff), waits_ms[i] * MS);
    }
    backoff_reset(&backoff);
    assert_int_equal(backoff_next(&backoff), 250 * MS);
}

static void backoff_least_above_most_is_the_most(void **state)
{
    (void)state;
    struct backoff backoff = { .min_ns = 5 * S, .max_ns = S };
    assert_int_equal(backoff_next(&backoff), S);
    assert_int_equal(backoff_next(&backoff), S);
}

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

static void gate_thins_out_evenly(void **state)
{
    (void)state;
    struct gate gate = { .interval_ns = 100 * MS };
    unsigned passed = 0;
    for (int64_t now = S; now < 11 * S; now += 33 * MS) {
        passed += gate_pass(&gate, now);
    }
    assert_in_range(passed, 95, 105);
}

static void gate_lets_a_camera_be_inexact(void **state)
{
    (void)state;
    struct gate gate = { .interval_ns = 33 * MS };
    for (int i = 0; i < 300; i++) {
        assert_true(gate_pass(&gate, S + i * 33 * MS + (i % 3 - 1) * 4 * MS));
    }
    struct gate open = { .interval_ns = 0 };
    assert_true(gate_pass(&open, 5));
    assert_true(gate_pass(&open, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_up_to_its_most),
        cmocka_unit_test(backoff_least_above_most_is_the_most),
        cmocka_unit_test(pacer_follows_the_file),
        cmocka_unit_test(pacer_goes_on_when_the_file_begins_again),
        cmocka_unit_test(pacer_never_waits_for_a_jump_or_hurries),
        cmocka_unit_test(gate_thins_out_evenly),
        cmocka_unit_test(gate_lets_a_camera_be_inexact),
    };
    return cmocka_run_group_tests_name("pacing", tests, NULL, NULL);
}
