/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void addresses_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *host, *port, *authority, *path;
    } rows[] = {
        { "ws://127.0.0.1:8765", "127.0.0.1", "8765", "127.0.0.1:8765", "/" },
        { "http://h", "h", "80", "h", "/" },
        { "WS://h/", "h", "80", "h", "/" },
        { "ws://a.b-c_d:1/ws", "a.b-c_d", "1", "a.b-c_d:1", "/ws" },
        { "ws://h:65535/a/b?c=d&e", "h", "65535", "h:65535", "/a/b?c=d&e" },
        { "ws://h?x=1", "h", "80", "h", "/?x=1" },
        { "ws://h/a#b", "h", "80", "h", "/a" },
        { "ws://h#b", "h", "80", "h", "/" },
        { "ws://[::1]:8765/ws", "::1", "8765", "[::1]:8765", "/ws" },
        { "ws://[fe80::1%eth0]", "fe80::1%eth0", "80", "[fe80::1%eth0]", "/" },
        { "ws://h:080", "h", "080", "h:080", "/" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url url;
        struct fc_error error;
        assert_int_equal(url_parse(rows[i].text, &url, &error), 0);
        assert_false(url.is_unix);
        assert_string_equal(url.host, rows[i].host);
        assert_string_equal(url.port, rows[i].port);
        assert_string_equal(url.authority, rows[i].authority);
        assert_string_equal(url.path, rows[i].path);
    }
}

static void secure_addresses_have_another_port(void **state)
{
    struct url url;
    (void)state;
    assert_int_equal(url_parse("wss://h/x", &url, NULL), 0);
    assert_true(url.is_secure);
    assert_string_equal(url.port, "443");
    assert_int_equal(url_parse("https://h:8443", &url, NULL), 0);
    assert_true(url.is_secure);
    assert_string_equal(url.port, "8443");
    assert_int_equal(url_parse("ws://h", &url, NULL), 0);
    assert_false(url.is_secure);
}

static void a_name_and_a_password_may_come_first(void **state)
{
    static const struct {
        const char *text, *user, *authority;
    } rows[] = {
        { "ws://u:p@h/", "u:p", "h" },
        { "ws://u@h:1/@", "u", "h:1" },
        { "ws://a%40b:c%3a%20d@h", "a@b:c: d", "h" },
        { "ws://h/u:p@x", "", "h" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url url;
        assert_int_equal(url_parse(rows[i].text, &url, NULL), 0);
        assert_string_equal(url.user, rows[i].user);
        assert_string_equal(url.authority, rows[i].authority);
    }
}

static void targets_are_host_and_port(void **state)
{
    struct url url;
    char target[URL_TARGET_SIZE];
    (void)state;
    assert_int_equal(url_parse("wss://[::1]/x", &url, NULL), 0);
    url_format_target(&url, target);
    assert_string_equal(target, "[::1]:443");
    assert_int_equal(url_parse("ws://h:81", &url, NULL), 0);
    url_format_target(&url, target);
    assert_string_equal(target, "h:81");
}

static void unix_sockets_may_have_a_path(void **state)
{
    static const struct {
        const char *text, *socket, *path;
    } rows[] = {
        { "unix:/run/s", "/run/s", "/" },
        { "unix:s", "s", "/" },
        { "unix:/run/s:/ws?a", "/run/s", "/ws?a" },
        { "unix:/run/a:b", "/run/a:b", "/" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url url;
        struct fc_error error;
        assert_int_equal(url_parse(rows[i].text, &url, &error), 0);
        assert_true(url.is_unix);
        assert_string_equal(url.socket, rows[i].socket);
        assert_string_equal(url.authority, "localhost");
        assert_string_equal(url.path, rows[i].path);
    }
}

static void mistakes_say_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *culprit;
    } rows[] = {
        { "", "does not begin" },
        { "h:8765", "does not begin" },
        { "ftp://h", "does not begin" },
        { "ws:/h", "does not begin" },
        { "ws://", "host is missing" },
        { "ws:///path", "host is missing" },
        { "ws://:80", "host is missing" },
        { "ws://[]", "host is missing" },
        { "ws://[::1", "']'" },
        { "ws://[::1]x", "port" },
        { "ws://h:", "port" },
        { "ws://h:0", "port" },
        { "ws://h:65536", "port" },
        { "ws://h:99999999999999999999", "port" },
        { "ws://h:8a", "port" },
        { "ws://h:000080", "port" },
        { "ws://u%zz@h/", "percent-encoded" },
        { "ws://@", "host is missing" },
        { "ws://h\r\nX: y/", "not a name" },
        { "ws://h/a b", "percent-encoded" },
        { "ws://h/\r\nX:y", "percent-encoded" },
        { "ws://h/\xc3\xa9", "percent-encoded" },
        { "unix:", "missing" },
        { "unix::/ws", "missing" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url url = { .port = "1" };
        struct fc_error error;
        assert_int_equal(url_parse(rows[i].text, &url, &error), -EINVAL);
        assert_non_null(strstr(error.text, rows[i].culprit));
        assert_string_equal(url.port, "1"); /* untouched */
    }
}

/* Hosts, sockets and paths at the limits; every prefix of an address ends somewhere. */
static void lengths_are_bounded(void **state)
{
    static char text[URL_PATH_SIZE + 64];
    struct fc_error error;
    struct url url;
    (void)state;
    for (size_t len = URL_HOST_SIZE - 2; len <= URL_HOST_SIZE; len++) {
        memcpy(text, "ws://", 5);
        memset(text + 5, 'h', len);
        text[5 + len] = '\0';
        assert_int_equal(url_parse(text, &url, &error), len < URL_HOST_SIZE ? 0 : -EINVAL);
    }
    for (size_t len = URL_SOCKET_SIZE - 2; len <= URL_SOCKET_SIZE; len++) {
        memcpy(text, "unix:", 5);
        memset(text + 5, 's', len);
        text[5 + len] = '\0';
        assert_int_equal(url_parse(text, &url, &error), len < URL_SOCKET_SIZE ? 0 : -EINVAL);
    }
    for (size_t len = URL_PATH_SIZE - 2; len <= URL_PATH_SIZE; len++) {
        memcpy(text, "ws://h/", 7);
        memset(text + 7, 'p', len - 1);
        text[6 + len] = '\0';
        assert_int_equal(url_parse(text, &url, &error), len < URL_PATH_SIZE ? 0 : -EINVAL);
    }
}

static void every_prefix_is_survived(void **state)
{
    static const char *const rows[] = { "ws://[::1%lo]:8765/streams/cam?x=y#z",
                                        "unix:/run/s:/ws?a" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len <= strlen(rows[i]); len++) {
            struct fc_error error;
            struct url url;
            char *exact = strndup(rows[i], len); /* lets a sanitizer see an over-read */
            assert_non_null(exact);
            const int err = url_parse(exact, &url, &error);
            assert_true(err == 0 || err == -EINVAL);
            free(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(secure_addresses_have_another_port),
        cmocka_unit_test(a_name_and_a_password_may_come_first),
        cmocka_unit_test(targets_are_host_and_port),
        cmocka_unit_test(unix_sockets_may_have_a_path),
        cmocka_unit_test(mistakes_say_what_is_wrong),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(every_prefix_is_survived),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
