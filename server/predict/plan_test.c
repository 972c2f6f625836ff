/* SPDX-License-Identifier: MIT */
#include "predict/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void without_brackets_everything_is_the_default(void **state)
{
    (void)state;
    struct plan plan;
    char why[256] = "";
    static const char *const specs[] = { "motion", "exec:python3 -c 'print([1])'", "[]motion" };
    for (int i = 0; i < 3; i++) {
        assert_true(plan_parse(&plan, specs[i], why, sizeof(why)));
        assert_string_equal(plan.spec, i == 2 ? "motion" : specs[i]);
        assert_true(plan.name[0] == '\0' && plan.after[0] == '\0' && plan.stream[0] == '\0');
        assert_true(plan.max_fps == 0);
        assert_true(plan.width == 0 && plan.region.width == 0 && !plan.sees_all && !plan.tracks);
    }
}

static void every_setting_is_read(void **state)
{
    (void)state;
    struct plan plan;
    char why[256] = "";
    assert_true(
        plan_parse(&plan,
                   "[name=faces.2,stream=door,fps=7.5,region=0.1/0.2/0.3/0.4,width=320,all,tracks]"
                   "exec:a]b",
                   why, sizeof(why)));
    assert_string_equal(plan.spec, "exec:a]b");
    assert_string_equal(plan.name, "faces.2");
    assert_string_equal(plan.after, "");
    assert_string_equal(plan.stream, "door");
    assert_true(plan.max_fps == 7.5 && plan.width == 320 && plan.sees_all && plan.tracks);
    assert_true(plan.region.x == 0.1f && plan.region.y == 0.2f && plan.region.width == 0.3f &&
                plan.region.height == 0.4f);
    assert_true(plan_parse(&plan, "[after=motion]x", why, sizeof(why)));
    assert_string_equal(plan.after, "motion");
}

static void mistakes_are_told_with_a_hint(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } rows[] = {
        { "[fps=1motion", "']' is missing" },
        { "[fps=0]x", "fps=N" },
        { "[fps=nan]x", "fps=N" },
        { "[fps=1e9]x", "fps=N" },
        { "[fps]x", "fps=N" },
        { "[stream]x", "stream=NAME" },
        { "[stream=a b]x", "stream=NAME" },
        { "[width=15]x", "width=PX" },
        { "[width=99999]x", "width=PX" },
        { "[width=1.5]x", "width=PX" },
        { "[region=0/0/1]x", "region=X/Y" },
        { "[region=0/0/1/1/1]x", "region=X/Y" },
        { "[region=0.5/0/0.6/1]x", "region=X/Y" },
        { "[region=0/0/0/1]x", "region=X/Y" },
        { "[name=]x", "name=WORD" },
        { "[name=a b]x", "name=WORD" },
        { "[name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]x", "name=WORD" },
        { "[all=1]x", "all, without" },
        { "[tracks=no]x", "tracks, without" },
        { "[speed=1]x", "no such setting" },
        { "[fps=1,,all]x", "no such setting" },
        { "[after=a,region=0/0/1/1]x", "cannot be asked for together" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan plan;
        char why[256] = "";
        if (plan_parse(&plan, rows[i].text, why, sizeof(why)) || !strstr(why, rows[i].word)) {
            fail_msg("%s: %s", rows[i].text, why);
        }
    }
    char longest[512];
    char why[256] = "";
    struct plan plan;
    memset(longest, 'x', sizeof(longest));
    longest[0] = '[';
    memcpy(longest + sizeof(longest) - 2, "]", 2);
    assert_false(plan_parse(&plan, longest, why, sizeof(why)));
    assert_non_null(strstr(why, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_brackets_everything_is_the_default),
        cmocka_unit_test(every_setting_is_read),
        cmocka_unit_test(mistakes_are_told_with_a_hint),
    };
    return cmocka_run_group_tests_name("predict/plan", tests, NULL, NULL);
}
