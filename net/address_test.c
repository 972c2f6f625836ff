/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void forms_are_read_and_written_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *formatted;
    } rows[] = {
        { "127.0.0.1:8765", "127.0.0.1:8765" },
        { "localhost:1", "127.0.0.1:1" },
        { "0.0.0.0:0", "0.0.0.0:0" },
        { "[::]:65535", "[::]:65535" },
        { "[::1]:80", "[::1]:80" },
        { "unix:/tmp/a b", "unix:/tmp/a b" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        struct fc_error error;
        char text[ADDRESS_TEXT_SIZE];
        assert_int_equal(address_parse(rows[i].text, &address, &error), 0);
        address_format(&address, text);
        assert_string_equal(text, rows[i].formatted);
    }
}

static void others_are_refused_with_a_sentence(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",           "8765",          ":8765",           "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:x",   "127.0.0.1:65536", "127.0.0.1:-1",
        "::1:80",     "[::1]",         "[::1:80",         "example.org:80",
        "unix:",      "[127.0.0.1]:1", "127.0.0.1:1 ",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        struct fc_error error;
        if (address_parse(rows[i], &address, &error) == 0 || !strstr(error.text, "8765")) {
            fail_msg("'%s' was taken, or refused without a hint: %s", rows[i], error.text);
        }
    }
}

static void a_path_has_a_limit(void **state)
{
    (void)state;
    char text[5 + 108 + 1] = "unix:";
    struct address address;
    struct fc_error error;
    memset(text + 5, 'x', 107);
    text[5 + 107] = '\0';
    assert_int_equal(address_parse(text, &address, &error), 0);
    memset(text + 5, 'x', 108);
    text[5 + 108] = '\0';
    assert_int_not_equal(address_parse(text, &address, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read_and_written_back),
        cmocka_unit_test(others_are_refused_with_a_sentence),
        cmocka_unit_test(a_path_has_a_limit),
    };
    return cmocka_run_group_tests_name("net/address", tests, NULL, NULL);
}
