/* SPDX-License-Identifier: MIT */
#include "predict/spec_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct options {
    char labels[SPEC_TEXT_SIZE];
    long top;
    double threshold;
    struct spec_reals mean;
    int color;
    struct spec_size size;
};

static const char *const colors[] = { "rgb", "bgr", "gray", NULL };

static const struct spec_option table[] = {
    { "labels", SPEC_TEXT, offsetof(struct options, labels), 0, 0, NULL },
    { "top", SPEC_WHOLE, offsetof(struct options, top), 1, 100, NULL },
    { "threshold", SPEC_REAL, offsetof(struct options, threshold), 0, 1, NULL },
    { "mean", SPEC_REALS, offsetof(struct options, mean), -1000, 1000, NULL },
    { "color", SPEC_CHOICE, offsetof(struct options, color), 0, 0, colors },
    { "size", SPEC_SIZE, offsetof(struct options, size), 1, 4096, NULL },
    { 0 },
};

static void every_type_is_read(void **state)
{
    (void)state;
    struct options options = { .top = 5, .threshold = 0.5 };
    char why[256] = "untouched";
    assert_true(spec_options_read("m.onnx?labels=my%20file%26%3f.txt&threshold=.75&mean=1,-2.5,3e1"
                                  "&color=gray&size=320x240",
                                  table, &options, why, sizeof(why)));
    assert_string_equal(why, "untouched");
    assert_string_equal(options.labels, "my file&?.txt");
    assert_int_equal(options.top, 5);
    assert_true(options.threshold == 0.75);
    assert_int_equal(options.mean.count, 3);
    assert_true(options.mean.values[0] == 1 && options.mean.values[1] == -2.5 &&
                options.mean.values[2] == 30);
    assert_int_equal(options.color, 2);
    assert_int_equal(options.size.width, 320);
    assert_int_equal(options.size.height, 240);
    assert_true(spec_options_read("m?top=100", table, &options, why, sizeof(why)));
    assert_int_equal(options.top, 100);
    assert_true(spec_options_read("m", table, &options, why, sizeof(why)));
    assert_true(spec_options_read("m?", table, &options, why, sizeof(why)));
}

static void what_is_wrong_is_refused_with_a_sentence(void **state)
{
    (void)state;
    const struct {
        const char *spec, *why;
    } rows[] = {
        { "m?colour=rgb", "there is no option 'colour': there are labels, top, threshold, mean," },
        { "m?=3", "there is no option ''" },
        { "m?&top=3", "there is no option ''" },
        { "m?top", "top lacks its value: write top=VALUE" },
        { "m?top=3&top=3", "top= comes twice" },
        { "m?top=", "top= is out of range or no number: each takes 1 to 100" },
        { "m?top=0", "takes 1 to 100" },
        { "m?top=101", "takes 1 to 100" },
        { "m?top=2.5", "takes 1 to 100" },
        { "m?top=0x10", "takes 1 to 100" },
        { "m?top= 3", "takes 1 to 100" },
        { "m?top=3;", "takes 1 to 100" },
        { "m?threshold=nan", "takes 0 to 1" },
        { "m?threshold=inf", "takes 0 to 1" },
        { "m?threshold=1.01", "takes 0 to 1" },
        { "m?threshold=1e", "takes 0 to 1" },
        { "m?threshold=00000000000000000000000000000000000000000000000001", "takes 0 to 1" },
        { "m?mean=1,2,3,4,5", "takes -1000 to 1000" },
        { "m?mean=1,,3", "takes -1000 to 1000" },
        { "m?mean=1,2,", "takes -1000 to 1000" },
        { "m?color=red", "color=red is not known: it takes rgb, bgr or gray" },
        { "m?size=320", "it takes WIDTHxHEIGHT" },
        { "m?size=x240", "it takes WIDTHxHEIGHT" },
        { "m?size=320x", "it takes WIDTHxHEIGHT" },
        { "m?size=320x4097", "each 1 to 4096" },
        { "m?labels=", "labels= lacks its value" },
        { "m?labels=a%2", "'%' without two digits" },
        { "m?labels=a%zz", "'%' without two digits" },
        { "m?labels=a%00b", "'%' without two digits" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options options = { 0 };
        char why[256] = "";
        assert_false(spec_options_read(rows[i].spec, table, &options, why, sizeof(why)));
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s: %s", rows[i].spec, why);
        }
    }
}

static void long_values_and_short_sentences_stay_in_their_room(void **state)
{
    (void)state;
    struct options options = { 0 };
    char spec[SPEC_TEXT_SIZE + 64];
    for (size_t length = SPEC_TEXT_SIZE - 2; length <= SPEC_TEXT_SIZE; length++) {
        char why[256] = "";
        const int head = snprintf(spec, sizeof(spec), "m?labels=");
        memset(spec + head, 'a', length);
        spec[(size_t)head + length] = '\0';
        const bool fits = length < SPEC_TEXT_SIZE;
        assert_int_equal(spec_options_read(spec, table, &options, why, sizeof(why)), fits);
        assert_int_equal(strlen(options.labels), fits ? length : SPEC_TEXT_SIZE - 1);
    }
    for (size_t size = 1; size < 80; size++) {
        char why[80];
        assert_false(spec_options_read("m?color=x", table, &options, why, size));
        assert_true(strlen(why) < size);
        assert_false(spec_options_read("m?c=x", table, &options, why, size));
        assert_true(strlen(why) < size);
    }
}

static void target_is_what_comes_before(void **state)
{
    (void)state;
    char target[8];
    assert_true(spec_target("a%20b?x=1?", target, sizeof(target)));
    assert_string_equal(target, "a%20b");
    assert_true(spec_target("1234567", target, sizeof(target)));
    assert_false(spec_target("12345678", target, sizeof(target)));
    assert_false(spec_target("", target, sizeof(target)));
    assert_false(spec_target("?x=1", target, sizeof(target)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(what_is_wrong_is_refused_with_a_sentence),
        cmocka_unit_test(long_values_and_short_sentences_stay_in_their_room),
        cmocka_unit_test(target_is_what_comes_before),
    };
    return cmocka_run_group_tests_name("predict/spec_options", tests, NULL, NULL);
}
