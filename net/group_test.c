/* SPDX-License-Identifier: MIT */
/* Groups, routes and messages in parts, against a server of two loops over real sockets. */
#include <framecast/group.h>
#include <framecast/server.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/message.h"
#include "net/testing/host.h"
#include "net/testing/wire.h"

#define SENDS 500
#define BIG (256 * 1024)

static struct host host; /* only its server is used */
static struct fc_group *group;
static sem_t is_joined, is_left;
static struct wire_frame frame;

static void join_reliably(struct fc_conn *conn)
{
    assert_true(fc_group_join(group, conn, FC_RELIABLE, 0));
    sem_post(&is_joined);
}

static void join_for_the_newest(struct fc_conn *conn)
{
    assert_true(fc_group_join(group, conn, FC_RELIABLE, 0));
    assert_true(fc_group_join(group, conn, FC_NEWEST, 3)); /* once more: another policy */
    sem_post(&is_joined);
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    if (payload.size == 5 && memcmp(payload.data, "leave", 5) == 0) {
        fc_group_leave(group, conn);
        fc_group_leave(group, conn);
    }
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

static void on_closed(struct fc_conn *conn)
{
    assert_false(fc_group_join(group, conn, FC_RELIABLE, 0)); /* it is over */
    sem_post(&is_left);
}

static _Atomic unsigned drained_count;

static void on_drained(struct fc_conn *conn)
{
    (void)conn;
    drained_count++;
}

static enum fc_verdict refuse(struct fc_conn *conn, const struct fc_http_request *request)
{
    (void)request;
    fc_conn_respond(conn, &(struct fc_response){ .status = 418, .headers = "X-Tea: pot\r\n" });
    return FC_ANSWERED;
}

static enum fc_verdict let(struct fc_conn *conn, const struct fc_http_request *request)
{
    (void)conn;
    return fc_http_header_find(request->headers, request->header_count, "X-Pass")
               ? FC_ACCEPT
               : refuse(conn, request);
}

#define FROM(path, origin)                                       \
    "GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"       \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " origin "\r\n\r\n"

static const char *const chat[] = { "chat", NULL };
static const char *const ours[] = { "https://example.com", "http://localhost:8000", NULL };
static const struct fc_conn_handler reliable = { .open = join_reliably,
                                                 .message = on_message,
                                                 .closed = on_closed };
static const struct fc_conn_handler newest = { .open = join_for_the_newest,
                                               .drained = on_drained,
                                               .closed = on_closed };
static const struct fc_conn_handler echo = { .message = on_message };
static const struct fc_conn_options small = { .message_max_bytes = 10 };
static const struct fc_route routes[] = {
    { .path = "/all", .handler = &reliable },
    { .path = "/newest", .handler = &newest },
    { .path = "/tea", .request = refuse },
    { .path = "/guarded/+", .handler = &echo, .request = let },
    { .path = "/small", .handler = &echo, .conn = &small },
    { .path = "/chat", .handler = &echo, .subprotocols = chat, .needs_subprotocol = true },
    { .path = "/ours", .handler = &echo, .origins = ours },
    { .path = "/our-tea", .request = refuse, .origins = ours },
};

static void *thread_main(void *arg)
{
    assert_int_equal(fc_server_run(arg), 0);
    return NULL;
}

static void start(void)
{
    static const struct fc_handler handler = { .routes = routes,
                                               .route_count = sizeof(routes) / sizeof(routes[0]) };
    static const char *const listen[] = { "127.0.0.1:0" };
    struct fc_error error;
    group = fc_group_new(&(struct fc_group_options){ .pending_max = 4 * SENDS });
    assert_non_null(group);
    sem_init(&is_joined, 0, 0);
    sem_init(&is_left, 0, 0);
    if (fc_server_new(&host.server,
                      &(struct fc_server_options){ .listen = listen,
                                                   .listen_count = 1,
                                                   .threads = 2,
                                                   .conn.queue_max_bytes = 8 * BIG },
                      &handler, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(pthread_create(&host.thread, NULL, thread_main, host.server), 0);
}

static void stop(void)
{
    fc_server_stop(host.server);
    pthread_join(host.thread, NULL);
    fc_group_free(&group);
    fc_server_free(&host.server);
}

/* A member on a bare socket. */
static int join(const char *request, int receive_bytes)
{
    static struct wire_answer answer;
    const int fd = host_connect_small(&host, receive_bytes);
    wire_say(fd, request);
    wire_hear_answer(fd, true, &answer);
    assert_int_equal(answer.status, 101);
    host_wait(&is_joined);
    return fd;
}

static void expect(int fd, const char *text)
{
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.size, strlen(text));
    assert_memory_equal(frame.payload, text, strlen(text));
}

static void say_number(int number)
{
    char text[16];
    const int size = snprintf(text, sizeof(text), "%d", number);
    struct fc_message *message =
        fc_message_new_ws(FC_WS_TEXT, (struct fc_bytes){ (uint8_t *)text, (size_t)size });
    assert_true(fc_group_send(group, message));
    fc_message_unref(&message);
}

static void everybody_gets_everything_in_order(void **state)
{
    (void)state;
    int fds[6];
    start();
    for (int i = 0; i < 6; i++) {
        fds[i] = join(WIRE_UPGRADE("/all"), 0);
    }
    assert_int_equal(fc_group_count(group), 6);
    for (int n = 0; n < SENDS; n++) {
        say_number(n);
    }
    for (int i = 0; i < 6; i++) {
        for (int n = 0; n < SENDS; n++) {
            char text[16];
            snprintf(text, sizeof(text), "%d", n);
            expect(fds[i], text);
        }
    }
    wire_say_frame(fds[0], FC_WS_TEXT, "leave", 5);
    expect(fds[0], "leave");
    assert_int_equal(fc_group_count(group), 5);
    close(fds[1]); /* leaves by itself */
    host_wait(&is_left);
    assert_int_equal(fc_group_count(group), 4);
    assert_int_equal(fc_group_missed(group), 0);
    for (int i = 0; i < 6; i++) {
        if (i != 1) {
            close(fds[i]);
        }
    }
    stop();
}

static struct fc_message *big(uint64_t tag)
{
    static uint8_t bytes[BIG];
    for (size_t i = 0; i < BIG; i++) {
        bytes[i] = (uint8_t)(tag + i * 7 + i / 251);
    }
    bytes[0] = (uint8_t)tag;
    return fc_message_new_ws(FC_WS_BINARY, (struct fc_bytes){ bytes, sizeof(bytes) });
}

/* One who reads nothing, with a policy of its own: the others get everything. */
static void a_slow_member_disturbs_nobody(void **state)
{
    (void)state;
    start();
    const int fast = join(WIRE_UPGRADE("/all"), 0);
    const int slow = join(WIRE_UPGRADE("/newest"), 4096);
    const int stuck = join(WIRE_UPGRADE("/all"), 4096);
    for (int n = 1; n <= 60; n++) { /* 15 MiB: more than a queue and the kernel hold */
        struct fc_message *message = big((uint64_t)n);
        assert_true(fc_group_send(group, message));
        fc_message_unref(&message);
        wire_hear_frame(fast, &frame);
        assert_int_equal(frame.size, BIG);
        assert_int_equal(frame.payload[0], n);
    }
    int before = 0;
    int seen = 0;
    for (; before < 60; seen++) { /* fewer, each newer, and the newest at last */
        wire_hear_frame(slow, &frame);
        assert_true(frame.payload[0] > before);
        before = frame.payload[0];
    }
    assert_true(seen < 60);
    struct fc_server_stats stats;
    fc_server_stats(host.server, &stats);
    assert_int_equal(stats.closed_slow, 1); /* the one that is stuck: reliable, and full */
    close(fast);
    close(slow);
    close(stuck);
    stop();
}

/* To those who read, to one who is slow, and after one who hangs up in the middle of it. */
static void a_large_message_reaches_many_whole(void **state)
{
    (void)state;
    enum { MANY = 48, ROUNDS = 4, HEADER = 10 }; /* of two loops */
    static uint8_t got[HEADER + BIG];
    int fds[MANY];
    start();
    for (int i = 0; i < MANY; i++) {
        fds[i] = join(WIRE_UPGRADE("/all"), i < 2 ? 4096 : 0);
    }
    for (int round = 1; round <= ROUNDS; round++) {
        struct fc_message *message = big((uint64_t)round);
        assert_true(fc_group_send(group, message));
        for (int i = MANY - 1; i > 0; i--) {
            wire_hear_bytes(fds[i], got, sizeof(got));
            assert_int_equal(got[1], 127);
            assert_memory_equal(got + HEADER, message_body(message).data, BIG);
        }
        if (round == 1) { /* of which it has the first bytes at most */
            close(fds[0]);
            host_wait(&is_left);
            fds[0] = join(WIRE_UPGRADE("/all"), 4096);
        } else {
            wire_hear_bytes(fds[0], got, sizeof(got));
            assert_memory_equal(got + HEADER, message_body(message).data, BIG);
        }
        fc_message_unref(&message);
    }
    for (int i = 0; i < MANY; i++) {
        close(fds[i]);
    }
    stop();
}

/* They take several turns, and are not of the queue. */
static void a_large_newest_one_drains_nothing(void **state)
{
    (void)state;
    enum { MANY = 8, HEADER = 10, HUGE_SIZE = 8 * 1024 * 1024 };
    static uint8_t huge[HUGE_SIZE], got[HEADER + HUGE_SIZE];
    int fds[MANY];
    drained_count = 0;
    start();
    for (int i = 0; i < MANY; i++) {
        fds[i] = join(WIRE_UPGRADE("/newest"), 0);
    }
    memset(huge, 'h', sizeof(huge)); /* more than a socket takes at once */
    struct fc_message *message =
        fc_message_new_ws(FC_WS_BINARY, (struct fc_bytes){ huge, sizeof(huge) });
    assert_true(fc_group_send(group, message));
    for (int i = 0; i < MANY; i++) {
        wire_hear_bytes(fds[i], got, sizeof(got));
        assert_memory_equal(got + HEADER, huge, sizeof(huge));
    }
    fc_message_unref(&message);
    for (int i = 0; i < MANY; i++) {
        close(fds[i]);
        host_wait(&is_left);
    }
    stop();
    assert_int_equal(drained_count, MANY); /* of the answers to the handshakes */
}

static int ask(const char *request)
{
    static struct wire_answer answer;
    const int fd = host_connect(&host);
    wire_say(fd, request);
    wire_hear_answer(fd, strstr(request, "Upgrade: websocket") != NULL, &answer);
    close(fd);
    return answer.status;
}

static void routes_lead_where_they_should(void **state)
{
    (void)state;
    start();
    static const struct {
        const char *request;
        int status;
    } rows[] = {
        { WIRE_UPGRADE("/small"), 101 },
        { WIRE_UPGRADE("/small?x=1"), 101 },
        { WIRE_UPGRADE("/small/"), 404 },
        { WIRE_UPGRADE("/smal"), 404 },
        { WIRE_UPGRADE("/chat"), 400 },
        { WIRE_UPGRADE("/ours"), 101 },
        { FROM("/ours", "https://example.com"), 101 },
        { FROM("/ours", "http://localhost:8000"), 101 },
        { FROM("/ours", "https://example.com.evil"), 403 },
        { FROM("/ours", "https://example.co"), 403 },
        { FROM("/ours", "http://localhost"), 403 },
        { FROM("/ours", "null"), 403 },
        { FROM("/ours", ""), 403 },
        { FROM("/our-tea", "https://evil.example"), 403 },
        { FROM("/our-tea", "https://example.com"), 418 },
        { FROM("/small", "https://evil.example"), 101 },
        { "GET /small HTTP/1.1\r\nHost: x\r\n\r\n", 426 },
        { "GET /tea HTTP/1.1\r\nHost: x\r\n\r\n", 418 },
        { WIRE_UPGRADE("/guarded/a/b"), 418 },
        { "GET /guarded/x HTTP/1.1\r\nHost: x\r\nX-Pass: 1\r\n\r\n", 426 },
        { "GET /guarded HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int status = ask(rows[i].request);
        if (status != rows[i].status) {
            fail_msg("%s: %d", rows[i].request, status);
        }
    }
    stop();
}

static void an_origin_that_no_browser_says_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        bool is_one;
    } rows[] = {
        { "https://example.com", true },
        { "http://[::1]:8000", true },
        { "null", true },
        { "https://example.com/", false },
        { "https://example.com/a", false },
        { "https://Example.com", false },
        { "example.com", false },
        { "https://", false },
        { "://example.com", false },
        { "https://a b", false },
        { "", false },
    };
    static const char *const listen[] = { "127.0.0.1:0" };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const origins[] = { rows[i].origin, NULL };
        const struct fc_route route = { .path = "/", .handler = &echo, .origins = origins };
        const struct fc_handler handler = { .routes = &route, .route_count = 1 };
        struct fc_server *server = NULL;
        struct fc_error error = { "" };
        const int err = fc_server_new(
            &server, &(struct fc_server_options){ .listen = listen, .listen_count = 1 }, &handler,
            &error);
        assert_int_equal(err, rows[i].is_one ? 0 : -EINVAL);
        assert_int_equal(strstr(error.text, "origin") != NULL, !rows[i].is_one);
        fc_server_free(&server);
    }
}

static void a_route_has_limits_of_its_own(void **state)
{
    (void)state;
    static struct wire_answer answer;
    start();
    const int fd = host_connect(&host);
    wire_say(fd, WIRE_UPGRADE("/small"));
    wire_hear_answer(fd, true, &answer);
    wire_say_frame(fd, FC_WS_TEXT, "0123456789", 10);
    expect(fd, "0123456789");
    wire_say_frame(fd, FC_WS_TEXT, "0123456789a", 11);
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.opcode, 8);
    assert_memory_equal(frame.payload, "\x03\xf1", 2); /* 1009 */
    close(fd);
    stop();
}

static void *send_many(void *arg)
{
    (void)arg;
    for (int n = 0; n < SENDS; n++) {
        say_number(n % 10);
    }
    return NULL;
}

static void any_thread_may_send(void **state)
{
    (void)state;
    pthread_t threads[3];
    start();
    const int fd = join(WIRE_UPGRADE("/all"), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, NULL), 0);
    }
    for (int n = 0; n < 3 * SENDS; n++) {
        wire_hear_frame(fd, &frame);
        assert_int_equal(frame.size, 1);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    close(fd);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_gets_everything_in_order),
        cmocka_unit_test(a_slow_member_disturbs_nobody),
        cmocka_unit_test(a_large_message_reaches_many_whole),
        cmocka_unit_test(a_large_newest_one_drains_nothing),
        cmocka_unit_test(routes_lead_where_they_should),
        cmocka_unit_test(an_origin_that_no_browser_says_is_refused),
        cmocka_unit_test(a_route_has_limits_of_its_own),
        cmocka_unit_test(any_thread_may_send),
    };
    return cmocka_run_group_tests_name("net/group", tests, NULL, NULL);
}
