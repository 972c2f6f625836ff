/* SPDX-License-Identifier: MIT */
#include "predict/worker_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void specs_are_told_from_others(void **state)
{
    (void)state;
    assert_true(worker_spec_matches("exec:cat"));
    assert_true(worker_spec_matches("exec:"));
    assert_true(worker_spec_matches("exec,copies=2:cat"));
    assert_false(worker_spec_matches("exec"));
    assert_false(worker_spec_matches("execute:cat"));
    assert_false(worker_spec_matches(""));
}

static void good_specs_are_read(void **state)
{
    (void)state;
    const struct {
        const char *spec, *command;
        unsigned copies;
        int64_t start_ms, deadline_ms;
    } rows[] = {
        { "exec:python3 w.py", "python3 w.py", 1, 10000, 2000 },
        { "exec:a:b,copies=3", "a:b,copies=3", 1, 10000, 2000 },
        { "exec,copies=8:x", "x", 8, 10000, 2000 },
        { "exec,copies=1,start=0.1,deadline=0.01:x", "x", 1, 100, 10 },
        { "exec,deadline=600,start=3600:x", "x", 1, 3600000, 600000 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[256] = "";
        struct worker_spec spec;
        assert_true(worker_spec_parse(&spec, rows[i].spec, why, sizeof(why)));
        assert_string_equal(spec.command, rows[i].command);
        assert_int_equal(spec.copies, rows[i].copies);
        assert_int_equal(spec.start_ns / NS_PER_MS, rows[i].start_ms);
        assert_int_equal(spec.deadline_ns / NS_PER_MS, rows[i].deadline_ms);
    }
}

static void wrong_specs_are_refused_with_a_sentence(void **state)
{
    (void)state;
    const struct {
        const char *spec, *why;
    } rows[] = {
        { "exec:", "the command is missing" },
        { "exec: \t", "the command is missing" },
        { "exec,copies=2", "copies goes from 1 to 8" },
        { "exec,copies=0:x", "copies goes from 1 to 8: '0'" },
        { "exec,copies=9:x", "copies goes from 1 to 8" },
        { "exec,copies=1.5:x", "copies goes from 1 to 8" },
        { "exec,copies=-1:x", "copies goes from 1 to 8" },
        { "exec,copies=nan:x", "copies goes from 1 to 8" },
        { "exec,copies=2x:x", "copies goes from 1 to 8" },
        { "exec,start=0.09:x", "start goes from 0.1 to 3600" },
        { "exec,start=3601:x", "start goes from" },
        { "exec,deadline=0:x", "deadline goes from 0.01 to 600" },
        { "exec,deadline=:x", "deadline goes from" },
        { "exec,speed=3:x", "'speed' is no option" },
        { "exec,copies:x", "'copies' is no option" },
        { "exec,:x", "'' is no option" },
        { "exec,copies=2,:x", "'' is no option" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[256] = "";
        struct worker_spec spec;
        assert_false(worker_spec_parse(&spec, rows[i].spec, why, sizeof(why)));
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s: %s", rows[i].spec, why);
        }
        assert_int_equal(spec.copies, 1);
        assert_string_equal(spec.command, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_are_told_from_others),
        cmocka_unit_test(good_specs_are_read),
        cmocka_unit_test(wrong_specs_are_refused_with_a_sentence),
    };
    return cmocka_run_group_tests_name("predict/worker_spec", tests, NULL, NULL);
}
