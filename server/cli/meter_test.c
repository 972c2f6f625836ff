/* SPDX-License-Identifier: MIT */
#include "cli/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"

static void line_has_rates_of_its_time(void **state)
{
    struct meter meter = { 0 };
    char line[METER_LINE_SIZE];
    double p50_ms = 0, p99_ms = 0;
    (void)state;
    meter_begin(&meter, 100 * NS_PER_S);
    assert_false(meter_has_news(&meter));
    for (int i = 0; i < 60; i++) {
        meter_add_picture(&meter, 50000, 2, (i < 50 ? 10 : 100) * NS_PER_MS);
    }
    for (int i = 0; i < 20; i++) {
        meter_add_prediction(&meter);
    }
    assert_true(meter_has_news(&meter));
    meter_format(&meter, 102 * NS_PER_S, line);
    assert_int_equal(sscanf(line,
                            "fps 30.0  MB/s 1.50  lag p50 %lf ms p99 %lf ms  drops 120  "
                            "predictions/s 10.0",
                            &p50_ms, &p99_ms),
                     2);
    assert_true(p50_ms > 10 && p50_ms < 11.3);
    assert_true(p99_ms > 100 && p99_ms < 113);
    meter_begin(&meter, 102 * NS_PER_S);
    assert_false(meter_has_news(&meter));
}

static void line_without_a_known_lag(void **state)
{
    struct meter meter = { 0 };
    char line[METER_LINE_SIZE];
    (void)state;
    meter_begin(&meter, NS_PER_S);
    meter_format(&meter, NS_PER_S, line); /* no time has passed */
    meter_add_picture(&meter, 1000000, 0, METER_NO_LAG);
    meter_format(&meter, 2 * NS_PER_S, line);
    assert_string_equal(line, "fps 1.0  MB/s 1.00  lag p50 - p99 -  drops 0  predictions/s 0.0");
}

static void largest_counts_fit_the_line(void **state)
{
    struct meter meter = { .pictures = UINT64_MAX,
                           .bytes = UINT64_MAX,
                           .left_out = UINT64_MAX,
                           .predictions = UINT64_MAX };
    char line[METER_LINE_SIZE];
    (void)state;
    meter_add_picture(&meter, 0, 0, INT64_MAX);
    meter_format(&meter, NS_PER_S, line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_rates_of_its_time),
        cmocka_unit_test(line_without_a_known_lag),
        cmocka_unit_test(largest_counts_fit_the_line),
    };
    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
