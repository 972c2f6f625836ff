/* SPDX-License-Identifier: MIT */
#include "predict/labels.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Linked with --wrap=realloc: the one that fails is counted down to. */

#define WHY_SIZE 256

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static int fail_after = -1; /* so many succeed, then one fails; below 0: none does */

void *__wrap_realloc(void *memory, size_t size)
{
    return fail_after < 0 || fail_after-- > 0 ? __real_realloc(memory, size) : NULL;
}

static char path[] = "/tmp/labels_test_XXXXXX";

static int setup(void **state)
{
    (void)state;
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    const int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_lines(size_t count)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "thing %zu\n", i);
    }
    assert_int_equal(fclose(file), 0);
}

static struct labels read_well(void)
{
    struct labels labels;
    char why[WHY_SIZE] = "untouched";
    assert_int_equal(labels_read(&labels, path, why, sizeof(why)), 0);
    assert_string_equal(why, "untouched");
    return labels;
}

static void refused(const char *file, int err, const char *sentence)
{
    struct labels labels = { .count = 1 };
    char why[WHY_SIZE] = "";
    assert_int_equal(labels_read(&labels, file, why, sizeof(why)), err);
    if (!strstr(why, sentence)) {
        fail_msg("%s", why);
    }
    assert_int_equal(labels.count, 0);
    assert_null(labels.names);
}

static void lines_are_names(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t count;
        const char *names[3]; /* as labels_name() writes them; always three */
    } rows[] = {
        { "cat\ndog\n", 2, { "cat", "dog", "class 2" } },
        { "cat\ndog", 2, { "cat", "dog", "class 2" } },
        { "cat\r\ndog\r\n", 2, { "cat", "dog", "class 2" } },
        { "cat\n\ndog\n", 3, { "cat", "class 1", "dog" } },
        { "\r\n\r\ndog", 3, { "class 0", "class 1", "dog" } },
        { "\n", 1, { "class 0", "class 1", "class 2" } },
        { " a cat \n", 1, { " a cat ", "class 1", "class 2" } },
        { "K\xc3\xa4tzchen\n\xe7\x8a\xac\n", 2, { "K\xc3\xa4tzchen", "\xe7\x8a\xac", "class 2" } },
        { "\xef\xbb\xbf"
          "cat\r\ndog\r\n",
          2,
          { "cat", "dog", "class 2" } },
        { "cat\n\xef\xbb\xbf"
          "dog\n",
          2,
          { "cat",
            "\xef\xbb\xbf"
            "dog",
            "class 2" } },
        { "\xef\xbb\xbf", 1, { "class 0", "class 1", "class 2" } },
        { "\xef\xbb", 1, { "\xef\xbb", "class 1", "class 2" } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(rows[i].text, strlen(rows[i].text));
        struct labels labels = read_well();
        assert_int_equal(labels.count, rows[i].count);
        for (uint32_t label = 0; label < 3; label++) {
            char name[PREDICTION_LABEL_SIZE];
            labels_name(&labels, label, name);
            assert_string_equal(name, rows[i].names[label]);
        }
        labels_free(&labels);
    }
}

static void name_of_any_class_fits(void **state)
{
    (void)state;
    const struct labels none = { 0 };
    char name[PREDICTION_LABEL_SIZE];
    labels_name(&none, UINT32_MAX, name);
    assert_string_equal(name, "class 4294967295");
}

static void zero_ends_a_name(void **state)
{
    (void)state;
    write_file("cat\0s\ndog\n", 10);
    struct labels labels = read_well();
    assert_int_equal(labels.count, 2);
    assert_string_equal(labels.names[0], "cat");
    assert_string_equal(labels.names[1], "dog");
    labels_free(&labels);
}

/* One, two, three and four bytes a character: 63 hold so many whole ones. */
static void long_line_is_cut_between_characters(void **state)
{
    (void)state;
    const struct {
        const char *character;
        size_t size; /* of what stays */
    } rows[] = {
        { "x", 63 },   { "\xc3\xa4", 62 }, { "\xe7\x8a\xac", 63 }, { "\xf0\x9f\x90\xb1", 60 },
        { "\x80", 0 }, /* no character begins anywhere */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512] = "";
        for (int count = 0; count < 100; count++) {
            strcat(text, rows[i].character);
        }
        write_file(text, strlen(text));
        struct labels labels = read_well();
        assert_int_equal(labels.count, 1);
        assert_int_equal(strlen(labels.names[0]), rows[i].size);
        assert_memory_equal(labels.names[0], text, rows[i].size);
        labels_free(&labels);
    }
}

static void there_may_be_so_many_and_no_more(void **state)
{
    (void)state;
    write_lines(LABELS_MAX);
    struct labels labels = read_well();
    assert_int_equal(labels.count, LABELS_MAX);
    assert_string_equal(labels.names[LABELS_MAX - 1], "thing 65535");
    labels_free(&labels);
    labels_free(&labels);
    write_lines(LABELS_MAX + 1);
    refused(path, -E2BIG, "' cannot be read: it has more than 65536 lines");
}

static void what_is_no_list_of_names_is_refused(void **state)
{
    (void)state;
    refused(path, -ENODATA, "' cannot be read: it is empty");
    refused("/nowhere/labels.txt", -ENOENT, "'/nowhere/labels.txt' cannot be read: No such file");
    refused("/tmp", -EISDIR, "'/tmp' cannot be read: Is a directory");
    refused("/dev/null", -ENODATA, "it is empty");
    refused("", -ENOENT, "'' cannot be read");
}

static void sentence_is_cut_to_its_room(void **state)
{
    (void)state;
    for (size_t size = 1; size < 64; size++) {
        char *why = malloc(size);
        struct labels labels;
        assert_int_equal(labels_read(&labels, "/nowhere/labels.txt", why, size), -ENOENT);
        assert_true(strlen(why) < size);
        free(why);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    write_lines(200); /* makes room for 64, 128 and 256 */
    for (fail_after = 0; fail_after < 3;) {
        const int next = fail_after + 1;
        refused(path, -ENOMEM, "cannot be read: Cannot allocate memory");
        fail_after = next;
    }
    struct labels labels = read_well();
    fail_after = -1;
    assert_int_equal(labels.count, 200);
    labels_free(&labels);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lines_are_names),
        CASE(name_of_any_class_fits),
        CASE(zero_ends_a_name),
        CASE(long_line_is_cut_between_characters),
        CASE(there_may_be_so_many_and_no_more),
        CASE(what_is_no_list_of_names_is_refused),
        CASE(sentence_is_cut_to_its_room),
        CASE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("predict/labels", tests, NULL, NULL);
}
