/* SPDX-License-Identifier: MIT */
/* HTTP over a real socket: answers, their order, their length, and when the connection ends. */
#include "net/testing/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/wire.h"

#define MS INT64_C(1000000)
#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static struct host host;
static struct wire_answer answer;

static int setup(void **state)
{
    (void)state;
    host_start(&host, (struct fc_server_options){ .head_timeout_ns = 300 * MS,
                                                  .answer_timeout_ns = 300 * MS });
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void expect(int fd, int status, const char *content)
{
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.content, content);
}

static void a_connection_takes_request_after_request(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    for (int i = 0; i < 3; i++) {
        wire_say(fd, GET("/"));
        expect(fd, 200, "hello");
        assert_null(strstr(answer.head, "Connection:"));
    }
    wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(fd, 200, "hello");
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void http_1_0_closes_unless_it_asks(void **state)
{
    (void)state;
    int fd = host_connect(&host);
    wire_say(fd, "GET / HTTP/1.0\r\n\r\n");
    expect(fd, 200, "hello");
    assert_true(wire_hear_end(fd));
    close(fd);
    fd = host_connect(&host);
    wire_say(fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(fd, 200, "hello");
    assert_non_null(strstr(answer.head, "\r\nConnection: keep-alive\r\n"));
    wire_say(fd, "GET /1 HTTP/1.0\r\n\r\n");
    expect(fd, 200, "1");
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void pipelined_requests_are_answered_in_order_and_at_once(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    const int fd = host_connect(&host);
    char text[COUNT * 48] = "";
    for (int i = 0; i < COUNT; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), GET("/%d"), i);
    }
    const int64_t from = now_ms();
    wire_say(fd, text);
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof(text), "%d", i);
        expect(fd, 200, text);
    }
    assert_true(now_ms() - from < 4000); /* not one for each sweep over the connections */
    close(fd);
}

static void a_request_may_come_in_two_pieces(void **state)
{
    (void)state;
    static const char request[] = GET("/7");
    const int fd = host_connect(&host);
    for (size_t at = 1; at < sizeof(request) - 1; at++) {
        wire_say_bytes(fd, request, at);
        wire_say(fd, request + at);
        expect(fd, 200, "7");
    }
    close(fd);
}

static void head_has_the_length_and_no_content(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" GET("/1"));
    wire_hear_answer(fd, true, &answer);
    assert_non_null(strstr(answer.head, "\r\nContent-Length: 5\r\n"));
    expect(fd, 200, "1");
    wire_say(fd, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
    wire_hear_answer(fd, true, &answer);
    wire_hear_answer(fd, false, &answer); /* an error is no answer to that request */
    assert_int_equal(answer.status, 400);
    assert_non_null(strstr(answer.content, "\"error\""));
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void head_of_an_endless_answer_ends(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_hear_answer(fd, true, &answer);
    assert_false(answer.has_length);
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void what_has_no_content_has_no_length(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, GET("/304") GET("/204") GET("/1"));
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 304);
    assert_false(answer.has_length);
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 204);
    assert_false(answer.has_length);
    expect(fd, 200, "1");
    close(fd);
}

static void an_answer_is_given_once(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, GET("/late") GET("/1"));
    expect(fd, 200, "late");
    expect(fd, 200, "1");
    close(fd);
}

static void what_is_not_http_is_told_so(void **state)
{
    (void)state;
    static char target[9000];
    static char header[17000];
    memset(target, 'a', sizeof(target) - 1);
    memset(header, 'b', sizeof(header) - 1);
    const struct {
        int status;
        const char *parts[4];
    } rows[] = {
        { 400, { "GET / HTTP/1.1\r\n\r\n" } },
        { 400, { "\x16\x03\x01\x02" } },
        { 400, { "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" } },
        { 400, { "\r\n\r\n\r\n" } },
        { 414, { "GET /", target, " HTTP/1.1\r\nHost: x\r\n\r\n" } },
        { 431, { "GET / HTTP/1.1\r\nHost: x\r\nA: ", header } },
        { 501, { "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n" } },
        { 505, { "PRI * HTTP/2.0\r\n\r\n" } },
    };
    struct fc_server_stats stats;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int fd = host_connect(&host);
        for (size_t part = 0; rows[i].parts[part]; part++) {
            wire_say(fd, rows[i].parts[part]);
        }
        wire_hear_answer(fd, false, &answer);
        assert_int_equal(answer.status, rows[i].status);
        assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
        assert_non_null(strstr(answer.head, "\r\nContent-Type: application/json\r\n"));
        close(fd);
        fc_server_stats(host.server, &stats);
        assert_int_equal(stats.bad_requests, i + 1);
    }
}

static void a_body_is_answered_without_being_asked_for(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n"
                 "Expect: 100-continue\r\n\r\n");
    expect(fd, 200, "3");
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void a_head_that_takes_too_long_is_408(void **state)
{
    (void)state;
    int fd = host_connect(&host);
    wire_say(fd, "GET / HT");
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 408);
    assert_true(wire_hear_end(fd));
    close(fd);

    fd = host_connect(&host); /* also the second one, long before the time between requests ends */
    wire_say(fd, GET("/1") "GET / HT");
    expect(fd, 200, "1");
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 408);
    close(fd);

    fd = host_connect(&host); /* who says nothing is told nothing */
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void no_answer_in_time_is_503(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, GET("/never"));
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.head, "\r\nRetry-After: "));
    host_wait(&host.is_closed);
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void send_text(struct host *h, void *text)
{
    const struct fc_bytes bytes = { text, strlen(text) };
    struct fc_message *message = fc_message_new(&(struct fc_message_options){ .head = bytes });
    assert_true(fc_conn_send(h->latest, message));
    fc_message_unref(&message);
}

static void finish(struct host *h, void *ctx)
{
    (void)ctx;
    fc_conn_finish(h->latest);
}

static void an_endless_answer_ends_when_told(void **state)
{
    (void)state;
    char text[WIRE_SIZE];
    const int fd = host_connect(&host);
    wire_say(fd, GET("/stream") "what is said now does not matter");
    wire_hear_answer(fd, false, &answer);
    assert_false(answer.has_length);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    wire_hear(fd, "begin\n", text);
    host_run(&host, send_text, "");
    host_run(&host, send_text, "one ");
    host_run(&host, send_text, "two");
    host_run(&host, finish, NULL);
    wire_hear(fd, "one two", text);
    assert_true(wire_hear_end(fd));
    close(fd);
    host_wait(&host.is_closed);
}

static void who_hangs_up_is_let_go(void **state)
{
    (void)state;
    const int fd = host_connect(&host);
    wire_say(fd, GET("/stream"));
    wire_hear_answer(fd, false, &answer);
    close(fd);
    host_wait(&host.is_closed);
}

static void a_slow_request_is_named(void **state)
{
    (void)state;
    struct fc_server_stats stats;
    const int fd = host_connect(&host);
    wire_say(fd, GET("/slow"));
    expect(fd, 200, "slow");
    host_wait(&host.is_slow);
    fc_server_stats(host.server, &stats);
    assert_true(stats.slow_turns >= 1);
    close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_connection_takes_request_after_request),
        CASE(http_1_0_closes_unless_it_asks),
        CASE(pipelined_requests_are_answered_in_order_and_at_once),
        CASE(a_request_may_come_in_two_pieces),
        CASE(head_has_the_length_and_no_content),
        CASE(head_of_an_endless_answer_ends),
        CASE(what_has_no_content_has_no_length),
        CASE(an_answer_is_given_once),
        CASE(what_is_not_http_is_told_so),
        CASE(a_body_is_answered_without_being_asked_for),
        CASE(a_head_that_takes_too_long_is_408),
        CASE(no_answer_in_time_is_503),
        CASE(an_endless_answer_ends_when_told),
        CASE(who_hangs_up_is_let_go),
        CASE(a_slow_request_is_named),
    };
    return cmocka_run_group_tests_name("net/conn_http", tests, NULL, NULL);
}
