/* SPDX-License-Identifier: MIT */
#include "predict/plugin_load.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WHY_SIZE 256

/* What testing/refused.c and testing/naughty.c became is in PLUGINS. */

static void plugins_that_do_not_fit_are_refused_with_a_sentence(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int err;
        const char *why;
    } rows[] = {
        { "naughty.so", 0, "untouched" },
        { "naughty.so?do=nan&x.y", 0, "untouched" },
        { "refused-later.so", 0, "untouched" },
        { "refused-other-abi.so", -EPROTO,
          "was made for ABI 2, and this program has ABI 1: compile" },
        { "refused-no-size.so", -EPROTO, "without a size" },
        { "refused-smaller.so", -EPROTO, "bytes, and" },
        { "refused-no-look.so", -EPROTO, "it has no look()" },
        { "refused-nothing.so", -EPROTO, "returned NULL" },
        { "refused-no-symbol.so", -ENOEXEC, "does not export fc_predictor_get()" },
        { "missing.so", -ENOENT, "cannot be read: No such file" },
        { "missing.so?a.so", -ENOENT, "missing.so' cannot be read" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char spec[PATH_MAX], why[WHY_SIZE + PATH_MAX] = "untouched";
        snprintf(spec, sizeof(spec), "%s/%s", PLUGINS, rows[i].name);
        struct fc_predictor plugin = { .size = 0 };
        assert_int_equal(plugin_load(&plugin, spec, why, sizeof(why)), rows[i].err);
        assert_non_null(strstr(why, rows[i].why));
        assert_true((rows[i].err == 0) == (plugin.look != NULL));
        assert_true(rows[i].err == 0 || strstr(why, PLUGINS) != NULL);
    }
}

static void what_is_no_library_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/plugin_load_test_XXXXXX.so", why[WHY_SIZE] = "";
    const int fd = mkstemps(path, 3);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "not a library", 13), 13);
    close(fd);
    struct fc_predictor plugin;
    assert_int_equal(plugin_load(&plugin, path, why, sizeof(why)), -ENOEXEC);
    assert_non_null(strstr(why, "cannot be loaded: "));
    assert_null(strstr(strstr(why, ": "), path)); /* the path comes once */
    unlink(path);
}

static void path_without_a_slash_is_not_searched_for(void **state)
{
    (void)state;
    char why[WHY_SIZE] = "";
    struct fc_predictor plugin;
    assert_int_equal(plugin_load(&plugin, "libm.so", why, sizeof(why)), -ENOENT);
    assert_non_null(strstr(why, "'./libm.so'"));
    assert_int_equal(chdir(PLUGINS), 0);
    assert_int_equal(plugin_load(&plugin, "naughty.so", why, sizeof(why)), 0);
    assert_string_equal(plugin.name, "naughty");
}

static void path_may_be_so_long(void **state)
{
    (void)state;
    for (size_t length = PATH_MAX - 1; length <= PATH_MAX; length++) {
        char spec[PATH_MAX + 1], why[PATH_MAX + WHY_SIZE] = "";
        memset(spec, '/', length);
        spec[length] = '\0';
        memcpy(spec + length - 3, ".so", 3);
        struct fc_predictor plugin;
        assert_int_equal(plugin_load(&plugin, spec, why, sizeof(why)),
                         length < PATH_MAX ? -ENOENT : -ENAMETOOLONG);
        assert_string_not_equal(why, "");
    }
}

static void sentence_is_cut_to_its_room(void **state)
{
    (void)state;
    for (size_t size = 1; size < 80; size++) {
        char *why = malloc(size);
        struct fc_predictor plugin;
        assert_int_equal(plugin_load(&plugin, "missing.so", why, size), -ENOENT);
        assert_true(strlen(why) < size);
        free(why);
    }
}

static int look(void *instance, const struct fc_image *image, struct fc_result *result)
{
    (void)instance;
    (void)image;
    (void)result;
    return 0;
}

static void earlier_and_later_structs_are_taken(void **state)
{
    (void)state;
    struct {
        struct fc_predictor predictor;
        char later[64];
    } given = { .predictor = { .abi = FC_PREDICTOR_ABI, .name = "a", .look = look } };
    for (uint32_t size = 0; size <= sizeof(given); size++) {
        given.predictor.size = size;
        struct fc_predictor out = { .name = "before" };
        char why[WHY_SIZE] = "";
        const int err = plugin_accept(&out, &given.predictor, "a.so", why, sizeof(why));
        assert_int_equal(err, size < sizeof(given.predictor) ? -EPROTO : 0);
        assert_string_equal(out.name, err ? "before" : "a");
    }
}

static void members_are_checked(void **state)
{
    (void)state;
    char long_name[65] = "";
    memset(long_name, 'n', 64);
    const char *name63 = long_name + 1;
    const struct {
        struct fc_predictor predictor;
        const char *why; /* NULL: none */
    } rows[] = {
        { { .name = "a" }, NULL },
        { { .name = name63, .format = FC_IMAGE_NV12, .width = 16384, .height = 2 }, NULL },
        { { .name = NULL }, "its name" },
        { { .name = "" }, "its name" },
        { { .name = long_name }, "its name" },
        { { .name = "a\n" }, "its name" },
        { { .name = "a", .format = FC_IMAGE_YUV420 }, "a format other than" },
        { { .name = "a", .format = UINT32_MAX }, "a format other than" },
        { { .name = "a", .format = FC_IMAGE_RGB24, .width = 16385 }, "larger than 16384" },
        { { .name = "a", .format = FC_IMAGE_RGB24, .height = 16385 }, "larger than 16384" },
        { { .name = "a", .format = FC_IMAGE_RGB24, .width = 3, .height = 5 }, NULL },
        { { .name = "a", .format = FC_IMAGE_NV12, .width = 3 }, "odd" },
        { { .name = "a", .format = FC_IMAGE_NV12, .height = 3 }, "odd" },
        { { .name = "a", .width = 64 }, "as they are, and for a size" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fc_predictor given = rows[i].predictor, out;
        given.size = sizeof(given);
        given.abi = FC_PREDICTOR_ABI;
        given.look = look;
        char why[WHY_SIZE] = "untouched";
        assert_int_equal(plugin_accept(&out, &given, "a.so", why, sizeof(why)),
                         rows[i].why ? -EPROTO : 0);
        assert_non_null(strstr(why, rows[i].why ? rows[i].why : "untouched"));
    }
}

static void specs_are_told_from_those_of_other_kinds(void **state)
{
    (void)state;
    const struct {
        const char *spec;
        bool is_named;
        const char *options;
    } rows[] = {
        { "a.so", true, "" },
        { "./a.so?", true, "" },
        { "/b/a.so?x=1&y=z.so", true, "x=1&y=z.so" },
        { "./a:b.so", true, "" },
        { "A:b.so", true, "" },
        { ".so", false, "" },
        { "a.so.1", false, "" },
        { "a.onnx?labels=b.so", false, "labels=b.so" },
        { "exec:./a.so", false, "" },
        { "kserve://a/b.so", false, "" },
        { "", false, "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(plugin_is_named(rows[i].spec), rows[i].is_named);
        assert_string_equal(plugin_options(rows[i].spec), rows[i].options);
    }
}

static void options_are_found_by_their_key(void **state)
{
    (void)state;
    const struct {
        const char *options, *key, *value;
    } rows[] = {
        { "a=1&b=2", "a", "1&b=2" }, { "a=1&b=2", "b", "2" },  { "a=1&b=2", "c", NULL },
        { "", "a", NULL },           { "ab=1&a=2", "a", "2" }, { "a", "a", "" },
        { "a&b", "a", "" },          { "a&b", "b", "" },       { "&&b=3&", "b", "3&" },
        { "a=b=c", "a", "b=c" },     { "a=b=c", "b", NULL },   { "x=a&ya=1", "a", NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *value = fc_predictor_option(rows[i].options, rows[i].key);
        if (!rows[i].value) {
            assert_null(value);
        } else {
            /* what follows a key without a value is the rest of the options */
            assert_non_null(value);
            assert_memory_equal(value, rows[i].value, strlen(rows[i].value));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plugins_that_do_not_fit_are_refused_with_a_sentence),
        cmocka_unit_test(what_is_no_library_is_refused),
        cmocka_unit_test(path_without_a_slash_is_not_searched_for),
        cmocka_unit_test(path_may_be_so_long),
        cmocka_unit_test(sentence_is_cut_to_its_room),
        cmocka_unit_test(earlier_and_later_structs_are_taken),
        cmocka_unit_test(members_are_checked),
        cmocka_unit_test(specs_are_told_from_those_of_other_kinds),
        cmocka_unit_test(options_are_found_by_their_key),
    };
    return cmocka_run_group_tests_name("predict/plugin_load", tests, NULL, NULL);
}
