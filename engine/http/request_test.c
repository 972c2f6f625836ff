/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include "engine/testing/http.h"

#define HOST "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST

static const struct {
    const char *head;
    int status;
} verdicts[] = {
    { GET "\r\n", 0 },
    { "\r\n" GET "\r\n", 0 },
    { "\r\n\r\n", 400 },
    { "\r\n\r\n" GET "\r\n", 400 },
    { "GET / HTTP/1.0\r\n\r\n", 0 },
    { "GET / HTTP/1.9\r\n" HOST "\r\n", 0 },
    { "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
    { "GET / HTTP/0.9\r\n" HOST "\r\n", 505 },
    { "GET / HTTP/1.x\r\n" HOST "\r\n", 400 },
    { "GET / HTTP/x.1\r\n" HOST "\r\n", 400 },
    { "GET / HTTP/1-1\r\n" HOST "\r\n", 400 },
    { "GET / http/1.1\r\n" HOST "\r\n", 400 },
    { "GET / HTTP/1.11\r\n" HOST "\r\n", 400 },
    { "GET / \r\n" HOST "\r\n", 400 },
    { "GET /\r\n" HOST "\r\n", 400 },
    { "GET\r\n" HOST "\r\n", 400 },
    { " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /  HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET / HTTP/1.1 \r\n" HOST "\r\n", 400 },
    { "G(T / HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET a HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /#a HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /\t HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET * HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET http://a/b HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET http:///b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET http:// HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET ftp://a/b HTTP/1.1\r\n" HOST "\r\n", 400 },
    /* section 2.2: line ends */
    { "GET / HTTP/1.1\n" HOST "\r\n", 400 },
    { GET "a: b\n\r\n", 400 },
    { GET "a: b\rc\r\n\r\n", 400 },
    { GET "\n", 400 },
    { GET "a: b\x01\r\n\r\n", 400 },
    { GET "a: b\x7f\r\n\r\n", 400 },
    { "\x16\x03\x01", 400 }, /* TLS on a plain port fails at once */
    /* section 5: headers */
    { GET "a: b\r\n c\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400 },
    { GET "a : b\r\n\r\n", 400 },
    { GET ": b\r\n\r\n", 400 },
    { GET "a\r\n\r\n", 400 },
    { GET "a@: b\r\n\r\n", 400 },
    { GET "a:\r\nb:\t \xff \r\n\r\n", 0 },
    /* section 3.2: Host */
    { "GET / HTTP/1.1\r\n\r\n", 400 },
    { GET HOST "\r\n", 400 },
    { "GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: a\xff\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0 },
    { "GET / HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", 0 },
    /* section 6: framing */
    { GET "Content-Length: 5\r\n\r\n", 0 },
    { GET "Content-Length: 9223372036854775799\r\n\r\n", 0 },
    { GET "Content-Length: 99999999999999999999\r\n\r\n", 400 },
    { GET "Content-Length: \r\n\r\n", 400 },
    { GET "Content-Length: -1\r\n\r\n", 400 },
    { GET "Content-Length: +1\r\n\r\n", 400 },
    { GET "Content-Length: 5, 5\r\n\r\n", 400 },
    { GET "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
    { GET "Transfer-Encoding: chunked\r\n\r\n", 0 },
    { GET "Transfer-Encoding: Chunked\r\n\r\n", 0 },
    { GET "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
    { GET "Transfer-Encoding: identity\r\n\r\n", 501 },
    { GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400 },
    { "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
};

static void every_head_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        struct fc_http_request request;
        uint8_t *copy;
        const int status = parse_request(verdicts[i].head, &copy, &request);
        if (status != verdicts[i].status) {
            fail_msg("%d instead of %d for %s", status, verdicts[i].status, verdicts[i].head);
        }
        free(copy);
    }
}

/* Byte by byte, with the same *scanned throughout: more is asked for until the last one. */
static void every_prefix_asks_for_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        if (verdicts[i].status != 0) {
            continue;
        }
        const size_t size = strlen(verdicts[i].head);
        size_t running = 0;
        for (size_t n = 0; n <= size; n++) {
            struct fc_http_request request;
            uint8_t *exact = exact_copy(verdicts[i].head, n);
            size_t fresh = 0;
            size_t head_bytes = 0;
            int status = 0;
            const struct fc_bytes in = { exact, n };
            const enum fc_http_step expected = n < size ? FC_HTTP_STEP_MORE : FC_HTTP_STEP_DONE;
            assert_int_equal(fc_http_request_parse(in, &fresh, &request, &head_bytes, &status),
                             expected);
            assert_int_equal(fc_http_request_parse(in, &running, &request, &head_bytes, &status),
                             expected);
            assert_int_equal(head_bytes, n < size ? 0 : size);
            free(exact);
        }
    }
}

static void parts_are_found(void **state)
{
    (void)state;
    struct fc_http_request r;
    uint8_t *copy;
    assert_int_equal(parse_request("POST /a%20b?c=1?d HTTP/1.1\r\nHost: x\r\nA:  b \t\r\n"
                                   "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n",
                                   &copy, &r),
                     0);
    assert_int_equal(r.method, FC_HTTP_POST);
    assert_true(bytes_are(r.method_name, "POST"));
    assert_true(bytes_are(r.path, "/a%20b"));
    assert_true(bytes_are(r.query, "c=1?d"));
    assert_int_equal(r.minor_version, 1);
    assert_int_equal(r.header_count, 4);
    assert_true(bytes_are(r.headers[1].name, "A"));
    assert_true(bytes_are(r.headers[1].value, "b"));
    assert_true(r.content_length == 12);
    assert_false(r.is_chunked);
    assert_true(r.is_keep_alive);
    assert_true(r.expects_continue);
    free(copy);
}

static void methods_and_targets_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum fc_http_method method;
        const char *path;
        const char *query;
    } rows[] = {
        { "GET / ", FC_HTTP_GET, "/", "" },
        { "HEAD /? ", FC_HTTP_HEAD, "/", "" },
        { "OPTIONS * ", FC_HTTP_OPTIONS, "*", "" },
        { "get /a ", FC_HTTP_OTHER, "/a", "" },
        { "DELETE /a?b ", FC_HTTP_OTHER, "/a", "b" },
        { "GET http://a:1/b?c ", FC_HTTP_GET, "/b", "c" },
        { "GET HTTPS://a?c ", FC_HTTP_GET, "/", "c" },
        { "GET http://a ", FC_HTTP_GET, "/", "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char head[100];
        strcpy(head, rows[i].line);
        strcat(head, "HTTP/1.1\r\n" HOST "\r\n");
        struct fc_http_request r;
        uint8_t *copy;
        assert_int_equal(parse_request(head, &copy, &r), 0);
        assert_int_equal(r.method, rows[i].method);
        assert_true(bytes_are(r.path, rows[i].path));
        assert_true(bytes_are(r.query, rows[i].query));
        free(copy);
    }
}

static void connections_are_kept_as_asked(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        bool is_keep_alive;
    } rows[] = {
        { GET "\r\n", true },
        { GET "Connection: close\r\n\r\n", false },
        { GET "Connection: a, CLOSE\r\n\r\n", false },
        { "GET / HTTP/1.0\r\n\r\n", false },
        { "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true },
        { "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_http_request r;
        uint8_t *copy;
        assert_int_equal(parse_request(rows[i].head, &copy, &r), 0);
        assert_int_equal(r.is_keep_alive, rows[i].is_keep_alive);
        free(copy);
    }
}

/* A head made of a target and headers of given sizes; returns the status or 0. */
static int parse_sized(size_t target, size_t headers, size_t padding)
{
    char *head = calloc(1, target + headers * 6 + padding + 100);
    assert_non_null(head);
    strcpy(head, "GET /");
    memset(head + 5, 'a', target - 1);
    strcat(head, " HTTP/1.1\r\n" HOST);
    for (size_t i = 1; i < headers; i++) {
        strcat(head, "a: b\r\n");
    }
    if (padding > 0) {
        strcat(head, "p:");
        memset(head + strlen(head), 'p', padding);
        strcat(head, "\r\n");
    }
    strcat(head, "\r\n");
    struct fc_http_request r;
    uint8_t *copy;
    const int status = parse_request(head, &copy, &r);
    free(copy);
    free(head);
    return status;
}

static void limits_hold_to_the_unit(void **state)
{
    (void)state;
    assert_int_equal(parse_sized(FC_HTTP_TARGET_MAX_BYTES - 1, 1, 0), 0);
    assert_int_equal(parse_sized(FC_HTTP_TARGET_MAX_BYTES, 1, 0), 0);
    assert_int_equal(parse_sized(FC_HTTP_TARGET_MAX_BYTES + 1, 1, 0), 414);
    assert_int_equal(parse_sized(FC_HTTP_HEAD_MAX_BYTES, 1, 0), 414);
    assert_int_equal(parse_sized(1, FC_HTTP_HEADERS_MAX - 1, 0), 0);
    assert_int_equal(parse_sized(1, FC_HTTP_HEADERS_MAX, 0), 0);
    assert_int_equal(parse_sized(1, FC_HTTP_HEADERS_MAX + 1, 0), 431);
    const size_t rest = strlen(GET "p:\r\n\r\n");
    assert_int_equal(parse_sized(1, 1, FC_HTTP_HEAD_MAX_BYTES - rest - 1), 0);
    assert_int_equal(parse_sized(1, 1, FC_HTTP_HEAD_MAX_BYTES - rest), 0);
    assert_int_equal(parse_sized(1, 1, FC_HTTP_HEAD_MAX_BYTES - rest + 1), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_head_has_its_verdict),
        cmocka_unit_test(every_prefix_asks_for_more),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(methods_and_targets_are_told_apart),
        cmocka_unit_test(connections_are_kept_as_asked),
        cmocka_unit_test(limits_hold_to_the_unit),
    };
    return cmocka_run_group_tests_name("http/request", tests, NULL, NULL);
}
