/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What testing/naughty.c became is in PLUGINS. */

#define NAUGHTY PLUGINS "/naughty.so"

static int entries_of(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

static void wrong_options_are_refused_before_anything_is_served(void **state)
{
    (void)state;
    const struct {
        const char *spec;
        const char *why; /* NULL: it may be had */
    } rows[] = {
        { NAUGHTY, NULL },
        { NAUGHTY "?do=nan", NULL }, /* shows only when it looks */
        { NAUGHTY "?strict=1", NULL },
        { NAUGHTY "?do=nosuch", "/naughty.so' cannot be opened: there is no 'nosuch'" },
        { NAUGHTY "?format=5", "cannot be opened: it asks for a format other than" },
        { NAUGHTY "?format=4&width=3", "cannot be opened: it asks for NV12 with an odd side" },
        { NAUGHTY "?mute=1", "cannot be opened: it refuses its options, and does not say why" },
        { MOTION "?nonsense=1", "cannot be opened: motion has no option 'nonsense'" },
        { MOTION "?width=31", "cannot be opened: motion: width takes a number from 32 to 1024" },
        { MOTION "?width=32", NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[PREDICTION_WHY_SIZE] = "untouched";
        const bool is_good = predictor_check(rows[i].spec, why, sizeof(why));
        if (is_good != !rows[i].why || !strstr(why, rows[i].why ? rows[i].why : "untouched")) {
            fail_msg("%s: %s", rows[i].spec, why);
        }
    }
}

/* What is missing now may be there later: that is for the threads, which try again. */
static void what_may_be_well_later_is_not_refused(void **state)
{
    (void)state;
    char why[PREDICTION_WHY_SIZE] = "untouched";
    assert_true(predictor_check(NAUGHTY "?later=1000000", why, sizeof(why)));
    assert_string_equal(why, "untouched");
    void *instance = NULL;
    assert_true(predictor_kind_plugin.open(&instance, NAUGHTY "?later=1000000", NULL, why,
                                           sizeof(why)) < 0);
    assert_string_equal(why, "the camera is not there yet");
}

static void nothing_stays_behind(void **state)
{
    (void)state;
    char why[PREDICTION_WHY_SIZE];
    assert_true(predictor_check(NAUGHTY, why, sizeof(why)));
    const int descriptors = entries_of("/proc/self/fd");
    for (int i = 0; i < 20; i++) {
        assert_true(predictor_check(NAUGHTY, why, sizeof(why)));
        assert_false(predictor_check(NAUGHTY "?do=nosuch", why, sizeof(why)));
    }
    assert_int_equal(entries_of("/proc/self/fd"), descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_options_are_refused_before_anything_is_served),
        cmocka_unit_test(what_may_be_well_later_is_not_refused),
        cmocka_unit_test(nothing_stays_behind),
    };
    return cmocka_run_group_tests_name("predict/plugin_kind", tests, NULL, NULL);
}
