/* SPDX-License-Identifier: MIT */
#include "base/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

#define SECONDS 20

/* How many of SECONDS of pictures pass, each moved by up to that part of the source's interval. */
static int passed(uint32_t source_milli, uint32_t wanted_milli, int64_t jitter_percent)
{
    struct pace pace;
    pace_init(&pace, wanted_milli);
    const int64_t interval_ns = NS_PER_S * 1000 / source_milli;
    uint32_t random = 12345;
    int count = 0;
    for (int64_t i = 0; i * interval_ns < SECONDS * NS_PER_S; i++) {
        random = random * 1103515245u + 12345u;
        const int64_t part = (int64_t)(random >> 16) % 201 - 100;
        const int64_t moved_ns = interval_ns * jitter_percent / 100 * part / 100;
        count += pace_take(&pace, NS_PER_S + i * interval_ns + moved_ns);
    }
    return count;
}

static void rate_is_what_was_asked_for(void **state)
{
    (void)state;
    const struct {
        uint32_t source, wanted, expected;
    } rows[] = {
        { 30000, 15000, 15 }, { 30000, 10000, 10 }, { 25000, 15000, 15 }, { 30000, 7000, 7 },
        { 30000, 1000, 1 },   { 60000, 24000, 24 }, { 30000, 30000, 30 }, { 25000, 25000, 25 },
        { 30000, 60000, 30 }, { 25000, 30000, 25 }, { 30000, 0, 30 },     { 29970, 30000, 30 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int expected = (int)rows[i].expected * SECONDS;
        assert_in_range(passed(rows[i].source, rows[i].wanted, 0), expected - 1, expected + 1);
    }
}

static void jitter_costs_nothing(void **state)
{
    (void)state;
    const struct {
        uint32_t source, wanted, expected;
    } rows[] = {
        { 30000, 15000, 15 }, { 30000, 10000, 10 }, { 25000, 15000, 15 },
        { 30000, 30000, 30 }, { 30000, 60000, 30 }, { 25000, 30000, 25 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int expected = (int)rows[i].expected * SECONDS;
        assert_in_range(passed(rows[i].source, rows[i].wanted, 12), expected - 2, expected + 1);
        assert_in_range(passed(rows[i].source, rows[i].wanted, 24), expected - expected / 20,
                        expected + 1);
    }
}

static void tolerance_is_a_quarter(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10000);
    assert_true(pace_take(&pace, 0));
    assert_false(pace_take(&pace, 74 * NS_PER_MS));
    assert_true(pace_take(&pace, 75 * NS_PER_MS));
    assert_false(pace_take(&pace, 174 * NS_PER_MS)); /* the plan stays: 100, 200, … */
    assert_true(pace_take(&pace, 175 * NS_PER_MS));
}

static void gap_does_not_cause_a_burst(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10000);
    assert_true(pace_take(&pace, 0));
    assert_true(pace_take(&pace, 5 * NS_PER_S));
    assert_false(pace_take(&pace, 5 * NS_PER_S + 50 * NS_PER_MS));
    assert_true(pace_take(&pace, 5 * NS_PER_S + 100 * NS_PER_MS));
}

static void clock_that_jumps_back_begins_anew(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10000);
    assert_true(pace_take(&pace, 100 * NS_PER_S));
    assert_true(pace_take(&pace, 1 * NS_PER_S));
    assert_false(pace_take(&pace, 1 * NS_PER_S + 50 * NS_PER_MS));
    assert_true(pace_take(&pace, 1 * NS_PER_S + 100 * NS_PER_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_is_what_was_asked_for),
        cmocka_unit_test(jitter_costs_nothing),
        cmocka_unit_test(tolerance_is_a_quarter),
        cmocka_unit_test(gap_does_not_cause_a_burst),
        cmocka_unit_test(clock_that_jumps_back_begins_anew),
    };
    return cmocka_run_group_tests_name("hub/pace", tests, NULL, NULL);
}
