/* SPDX-License-Identifier: MIT */
#include "predict/worker_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];
static struct worker_lines lines;

static int setup(void **state)
{
    (void)state;
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) || worker_lines_init(&lines, 8);
}

static int teardown(void **state)
{
    (void)state;
    close(ends[0]);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    worker_lines_fini(&lines);
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void assert_line(const char *expected)
{
    size_t size = 99;
    const char *line = worker_lines_next(&lines, &size);
    if (!expected) {
        assert_null(line);
        return;
    }
    assert_non_null(line);
    assert_string_equal(line, expected);
    assert_int_equal(size, strlen(expected));
}

/* Every way to cut a text in two gives the same lines. */
static void lines_are_the_same_however_they_are_cut(void **state)
{
    (void)state;
    static const char text[] = "one\n\ntwo\r\nx\n";
    static const char *const expected[] = { "one", "", "two", "x" };
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        size_t found = 0, size;
        const char *line;
        char part[sizeof(text)];
        for (int half = 0; half < 2; half++) {
            snprintf(part, sizeof(part), "%.*s", half ? 99 : (int)cut, half ? text + cut : text);
            put(part);
            while (worker_lines_fill(&lines, ends[0]) == 0) {
                while ((line = worker_lines_next(&lines, &size))) {
                    assert_true(found < 4);
                    assert_string_equal(line, expected[found++]);
                }
            }
        }
        assert_int_equal(found, 4);
    }
}

static void longest_line_fits_and_a_longer_one_fails(void **state)
{
    (void)state;
    put("12345678\n");
    assert_int_equal(worker_lines_fill(&lines, ends[0]), 0);
    assert_line("12345678");
    put("123456789\n");
    assert_int_equal(worker_lines_fill(&lines, ends[0]), 0);
    assert_line(NULL);
    assert_int_equal(worker_lines_fill(&lines, ends[0]), -EMSGSIZE);
    size_t size = 0;
    assert_string_equal(worker_lines_rest(&lines, &size), "123456789");
    assert_int_equal(size, 9);
    assert_null(worker_lines_rest(&lines, &size));
    assert_int_equal(worker_lines_fill(&lines, ends[0]), 0);
    assert_line("");
}

static void nothing_yet_and_the_end_differ(void **state)
{
    (void)state;
    assert_int_equal(worker_lines_fill(&lines, ends[0]), -EAGAIN);
    put("half");
    assert_int_equal(worker_lines_fill(&lines, ends[0]), 0);
    assert_line(NULL);
    close(ends[1]);
    ends[1] = -1;
    assert_int_equal(worker_lines_fill(&lines, ends[0]), -EPIPE);
    size_t size = 0;
    assert_string_equal(worker_lines_rest(&lines, &size), "half");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_the_same_however_they_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(longest_line_fits_and_a_longer_one_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_yet_and_the_end_differ, setup, teardown),
    };
    return cmocka_run_group_tests_name("predict/worker_lines", tests, NULL, NULL);
}
