/* SPDX-License-Identifier: MIT */
/* Memory that runs out: whatever fails, a connection ends, the server goes on, nothing leaks. */
#include "net/testing/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <framecast/client.h>
#include <framecast/group.h>

#include "engine/testing/alloc.h"
#include "net/outbox.h"
#include "net/testing/wire.h"

#define GET "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define ROUNDS_MAX 64

static struct host host;

static void expect_service(void)
{
    static struct wire_answer answer;
    const int fd = host_connect(&host);
    wire_say(fd, GET);
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 200);
    close(fd);
}

/* Say it all, hear whatever comes until the end. */
static void converse(const char *bytes, size_t size)
{
    char heard[4096];
    const int fd = host_connect(&host);
    (void)!send(fd, bytes, size, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, heard, sizeof(heard), 0) > 0) {
    }
    close(fd);
}

static void any_allocation_of_a_conversation_may_fail(void **state)
{
    (void)state;
#define ROW(literal)                 \
    {                                \
        literal, sizeof(literal) - 1 \
    }
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        ROW("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET"),
        ROW("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"),
        ROW("nonsense\r\n\r\n"),
        ROW(WIRE_UPGRADE("/ws") "\x89\x81\0\0\0\0p\x81\x82\0\0\0\0hi\x01\x82\0\0\0\0ab"
                                "\x80\x82\0\0\0\0cd\x81\x85\0\0\0\0close"),
        ROW(WIRE_UPGRADE("/ws") "\x88\x82\0\0\0\0\x03\xe8"),
    };
#undef ROW
    const long before = alloc_live();
    host_start(&host, (struct fc_server_options){ 0 });
    expect_service();
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int has_failed = 1;
        unsigned n = 1;
        for (; has_failed && n < ROUNDS_MAX; n++) {
            alloc_fail_at(n);
            converse(rows[row].bytes, rows[row].size);
            has_failed = alloc_has_failed();
            alloc_fail_at(0);
            expect_service();
        }
        assert_true(n > 3 && n < ROUNDS_MAX);
    }
    host_stop(&host);
    assert_int_equal(alloc_live(), before);
}

/* ---- a client, on a loop of this thread ---- */

static void visit_open(struct fc_conn *conn)
{
    (void)fc_conn_send_text(conn,
                            "a text that is long enough to be compressed where that is agreed; "
                            "a text that is long enough to be compressed where that is agreed");
    fc_conn_close(conn, 1000, "that is all"); /* the server may have no memory to answer */
}

static void visit_closed(struct fc_conn *conn)
{
    fc_loop_stop(fc_conn_loop(conn));
}

static void visit_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    assert_true(why[0] != '\0' && retry_ns == -1);
    fc_loop_stop(fc_client_user(client));
}

/* One whole life of a client, in which an allocation may fail. */
static void visit(const char *url)
{
    static const struct fc_conn_handler handler = { .open = visit_open, .closed = visit_closed };
    static const char *const subprotocols[] = { "one", "two", NULL };
    struct fc_loop *loop = NULL;
    struct fc_client *client = NULL;
    struct fc_error error = { "" };
    if (fc_loop_new(&loop, NULL, &error) != 0) {
        assert_true(error.text[0] != '\0');
        return;
    }
    const struct fc_client_options options = {
        .url = url,
        .subprotocols = subprotocols,
        .headers = "X: 1\r\n",
        .handler = &handler,
        .failed = visit_failed,
        .user = loop,
        .conn.compression = FC_COMPRESSION_ON,
    };
    if (fc_client_open(&client, loop, &options, &error) == 0) {
        fc_loop_run(loop);
    } else {
        assert_true(error.text[0] != '\0');
    }
    fc_client_close(&client, 1000, NULL);
    fc_loop_free(&loop);
}

static void any_allocation_of_a_client_may_fail(void **state)
{
    (void)state;
    char url[128];
    const long before = alloc_live();
    host_start(&host, (struct fc_server_options){ .conn.compression = FC_COMPRESSION_ON });
    snprintf(url, sizeof(url), "ws://%s/ws", fc_server_address(host.server, 0));
    expect_service();
    int has_failed = 1;
    unsigned n = 1;
    for (; has_failed && n < ROUNDS_MAX; n++) {
        alloc_fail_at(n);
        visit(url);
        has_failed = alloc_has_failed();
        alloc_fail_at(0);
        expect_service();
    }
    assert_true(n > 10 && n < ROUNDS_MAX);
    host_stop(&host);
    assert_int_equal(alloc_live(), before);
}

static void any_allocation_of_a_server_may_fail(void **state)
{
    (void)state;
    static const struct fc_handler nothing;
    static const char *const listen[] = { "127.0.0.1:0" };
    const long before = alloc_live();
    int err = -1;
    for (unsigned n = 1; err && n < ROUNDS_MAX; n++) {
        struct fc_error error = { "" };
        struct fc_server *server = NULL;
        alloc_fail_at(n);
        err = fc_server_new(
            &server,
            &(struct fc_server_options){ .listen = listen, .listen_count = 1, .threads = 2 },
            &nothing, &error);
        assert_int_equal(err != 0, alloc_has_failed() != 0);
        alloc_fail_at(0);
        assert_true(err == 0 || error.text[0] != '\0');
        fc_server_free(&server);
        assert_int_equal(alloc_live(), before);
    }
    assert_int_equal(err, 0);
}

/* ---- a group ---- */

static struct fc_group *group;

static void join(struct fc_conn *conn)
{
    if (!fc_group_join(group, conn, FC_RELIABLE, 0)) {
        fc_conn_close(conn, FC_WS_CODE_INTERNAL, "no memory");
    }
}

/* Whoever speaks is heard by all: encoded, compressed, taken to each loop. */
static void tell_all(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)conn;
    struct fc_deflater *deflater = fc_deflater_new(NULL);
    struct fc_message *message = fc_message_new(
        &(struct fc_message_options){ .ws_kind = kind, .head = payload, .deflater = deflater });
    if (message) {
        (void)fc_group_send(group, message);
    }
    fc_message_unref(&message);
    fc_deflater_free(&deflater);
}

static void any_allocation_of_a_group_may_fail(void **state)
{
    (void)state;
    static const char speech[] =
        WIRE_UPGRADE("/all") "\x81\xa8\0\0\0\0tell all of them, all of them, all of it"
                             "\x88\x82\0\0\0\0\x03\xe8";
    static const struct fc_conn_handler member = { .open = join, .message = tell_all };
    static const struct fc_route routes[] = { { .path = "/all", .handler = &member } };
    const long before = alloc_live();
    group = fc_group_new(NULL);
    assert_non_null(group);
    host_start_with(
        &host, (struct fc_server_options){ .conn.compression = FC_COMPRESSION_ON, .threads = 2 },
        routes, 1);
    expect_service();
    int has_failed = 1;
    unsigned n = 1;
    for (; has_failed && n < ROUNDS_MAX; n++) {
        alloc_fail_at(n);
        converse(speech, sizeof(speech) - 1);
        has_failed = alloc_has_failed();
        alloc_fail_at(0);
        expect_service();
    }
    assert_true(n > 5 && n < ROUNDS_MAX);
    host_stop(&host);
    assert_int_equal(fc_group_count(group), 0);
    fc_group_free(&group);
    assert_int_equal(alloc_live(), before);
}

/* ---- an outbox ---- */

static void ignore_started(void *ctx, uint32_t slot, const struct fc_message *message)
{
    (void)ctx;
    (void)slot;
    (void)message;
}

static size_t take_all(struct outbox *outbox)
{
    struct iovec iov[OUTBOX_IOV_MAX];
    size_t sum = 0;
    int count = 0;
    while ((count = outbox_gather(outbox, true, iov, OUTBOX_IOV_MAX)) > 0) {
        size_t size = 0;
        for (int i = 0; i < count; i++) {
            size += iov[i].iov_len;
        }
        outbox_advance(outbox, size, ignore_started, NULL);
        sum += size;
    }
    return sum;
}

/* What could not be queued is not there; what could is sent. */
static void any_allocation_of_an_outbox_may_fail(void **state)
{
    (void)state;
    enum { MESSAGES = 20 };
    const long before = alloc_live();
    struct fc_message *message =
        fc_message_new_ws(FC_WS_TEXT, (struct fc_bytes){ (const uint8_t *)"hi", 2 });
    assert_non_null(message);
    int has_failed = 1;
    for (unsigned n = 1; has_failed; n++) {
        struct outbox outbox;
        size_t queued = 0;
        outbox_init(&outbox);
        alloc_fail_at(n);
        for (uint32_t i = 0; i < MESSAGES; i++) {
            queued += outbox_push(&outbox, message);
            queued += i == 7 && outbox_push_front(&outbox, message);
            outbox_hold(&outbox, i, false);
            queued += outbox_put(&outbox, i, message);
        }
        has_failed = alloc_has_failed();
        alloc_fail_at(0);
        assert_true(queued + 1 >= 2 * MESSAGES);
        assert_int_equal(take_all(&outbox), queued * fc_message_size(message));
        outbox_fini(&outbox);
    }
    fc_message_unref(&message);
    assert_int_equal(alloc_live(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_of_an_outbox_may_fail),
        cmocka_unit_test(any_allocation_of_a_client_may_fail),
        cmocka_unit_test(any_allocation_of_a_server_may_fail),
        cmocka_unit_test(any_allocation_of_a_group_may_fail),
        cmocka_unit_test(any_allocation_of_a_conversation_may_fail),
    };
    return cmocka_run_group_tests_name("net/memory", tests, NULL, NULL);
}
