/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include "engine/testing/http.h"

static void every_head_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int status; /* 0: refused */
    } rows[] = {
        { "HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n", 101 },
        { "HTTP/1.0 200 \r\n\r\n", 200 },
        { "HTTP/1.1 599 x y\r\n\r\n", 599 },
        { "HTTP/1.1 200\r\n\r\n", 0 },
        { "HTTP/1.1 099 x\r\n\r\n", 0 },
        { "HTTP/1.1 600 x\r\n\r\n", 0 },
        { "HTTP/1.1 20 x\r\n\r\n", 0 },
        { "HTTP/1.1 2000 x\r\n\r\n", 0 },
        { "HTTP/1.1 2x0 x\r\n\r\n", 0 },
        { "HTTP/2.0 200 x\r\n\r\n", 0 },
        { "HTTP 200 x\r\n\r\n", 0 },
        { "HTTP/1.1 200 x\r\na\r\n\r\n", 0 },
        { "HTTP/1.1 200 x\n\n", 0 },
        { "\r\n\r\n", 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_http_response response;
        uint8_t *copy;
        const bool is_valid = parse_response(rows[i].head, &copy, &response);
        assert_int_equal(is_valid ? response.status : 0, rows[i].status);
        free(copy);
    }
}

static void every_prefix_asks_for_more(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nA: b\r\nC: d\r\n\r\n";
    size_t scanned = 0;
    for (size_t n = 0; n < sizeof(head); n++) {
        struct fc_http_response response;
        size_t head_bytes = 0;
        uint8_t *exact = exact_copy(head, n);
        const struct fc_bytes in = { exact, n };
        assert_int_equal(fc_http_response_parse(in, &scanned, &response, &head_bytes),
                         n < sizeof(head) - 1 ? FC_HTTP_STEP_MORE : FC_HTTP_STEP_DONE);
        free(exact);
    }
}

static void a_head_without_end_is_refused(void **state)
{
    (void)state;
    for (size_t size = FC_HTTP_HEAD_MAX_BYTES - 1; size <= FC_HTTP_HEAD_MAX_BYTES + 1; size++) {
        uint8_t *head = malloc(size);
        assert_non_null(head);
        memset(head, 'a', size);
        size_t scanned = 0;
        size_t head_bytes = 0;
        struct fc_http_response response;
        const struct fc_bytes in = { head, size };
        assert_int_equal(fc_http_response_parse(in, &scanned, &response, &head_bytes),
                         size < FC_HTTP_HEAD_MAX_BYTES ? FC_HTTP_STEP_MORE : FC_HTTP_STEP_FAIL);
        free(head);
    }
}

static void reasons_are_known(void **state)
{
    (void)state;
    assert_string_equal(fc_http_reason(101), "Switching Protocols");
    assert_string_equal(fc_http_reason(505), "HTTP Version Not Supported");
    assert_string_equal(fc_http_reason(299), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_head_has_its_verdict),
        cmocka_unit_test(every_prefix_asks_for_more),
        cmocka_unit_test(a_head_without_end_is_refused),
        cmocka_unit_test(reasons_are_known),
    };
    return cmocka_run_group_tests_name("http/response", tests, NULL, NULL);
}
