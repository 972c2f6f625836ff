/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include "engine/testing/http.h"

static void headers_and_tokens_are_found(void **state)
{
    (void)state;
    struct fc_http_request r;
    uint8_t *copy;
    assert_int_equal(
        parse_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive,\tUpgrade ,\r\n"
                      "X: 1\r\nx: 2\r\nconnection: third\r\n\r\n",
                      &copy, &r),
        0);
    assert_true(bytes_are(*fc_http_header_find(r.headers, r.header_count, "x"), "1"));
    assert_null(fc_http_header_find(r.headers, r.header_count, "y"));
    static const struct {
        const char *token;
        bool is_there;
    } rows[] = {
        { "upgrade", true }, { "keep-alive", true }, { "THIRD", true },
        { "keep", false },   { "close", false },     { "upgrade ", false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(
            fc_http_header_has_token(r.headers, r.header_count, "CONNECTION", rows[i].token),
            rows[i].is_there);
    }
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(headers_and_tokens_are_found) };
    return cmocka_run_group_tests_name("http/header", tests, NULL, NULL);
}
