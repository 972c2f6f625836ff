/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error goes to memory between begin and end. */
struct captured {
    int saved, memory;
    char text[4096];
};

static void captured_begin(struct captured *captured)
{
    fflush(stderr);
    captured->saved = dup(STDERR_FILENO);
    captured->memory = memfd_create("stderr", 0);
    assert_true(captured->saved >= 0 && captured->memory >= 0);
    dup2(captured->memory, STDERR_FILENO);
}

static void captured_end(struct captured *captured)
{
    dup2(captured->saved, STDERR_FILENO);
    const ssize_t len = pread(captured->memory, captured->text, sizeof(captured->text) - 1, 0);
    assert_true(len >= 0);
    captured->text[len] = '\0';
    close(captured->saved);
    close(captured->memory);
}

static void log_writes_one_line(void **state)
{
    (void)state;
    assert_true(log_configure("info"));
    struct captured captured;
    captured_begin(&captured);
    log_warn("net", "too slow viewer='%s' lag_ms=%d", "a", 7);
    log_debug("net", "unseen");
    captured_end(&captured);
    assert_string_equal(captured.text, "warn net: too slow viewer='a' lag_ms=7\n");
}

static void log_levels_are_per_module(void **state)
{
    (void)state;
    assert_true(log_configure("warn,net=debug,source=trace"));
    assert_true(log_enabled(LOG_WARN, "hub"));
    assert_false(log_enabled(LOG_INFO, "hub"));
    assert_true(log_enabled(LOG_DEBUG, "net"));
    assert_false(log_enabled(LOG_TRACE, "net"));
    assert_true(log_enabled(LOG_TRACE, "source"));
}

static void log_configure_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_true(log_configure("error"));
    static const char *const bad[] = { "",     "loud",  "info,",
                                       "net=", "=info", "info,net",
                                       "INFO", ",",     "net=loud",
                                       "in",   "infos", "a-module-with-too-long-a-name=info" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(log_configure(bad[i]));
        assert_false(log_enabled(LOG_WARN, "net")); /* unchanged */
    }
}

static void log_line_cannot_be_broken_or_overrun(void **state)
{
    (void)state;
    assert_true(log_configure("info"));
    char text[2000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    text[3] = '\n';
    text[4] = '\033';
    struct captured captured;
    captured_begin(&captured);
    log_info("net", "%s", text);
    captured_end(&captured);
    const size_t len = strlen(captured.text);
    assert_true(len <= 1024);
    assert_ptr_equal(strchr(captured.text, '\n'), captured.text + len - 1);
    assert_memory_equal(captured.text, "info net: xxx??xx", 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_writes_one_line),
        cmocka_unit_test(log_levels_are_per_module),
        cmocka_unit_test(log_configure_refuses_what_it_does_not_know),
        cmocka_unit_test(log_line_cannot_be_broken_or_overrun),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
