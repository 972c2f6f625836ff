/* SPDX-License-Identifier: MIT */
/* Flow in both directions: water marks, pausing, parts, pings, and an object that outlives its end.
 */
#include <framecast/server.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/host.h"
#include "net/testing/wire.h"

#define PIECE (64 * 1024)
#define QUEUE_MAX (2 * 1024 * 1024)
#define HIGH (1024 * 1024)
#define LOW (256 * 1024)

static struct host host; /* only its server is used */
static struct wire_frame frame;
static uint8_t piece[PIECE];

static struct fc_conn *conn; /* the loop's */
static sem_t is_open, is_high, is_low, is_closed, is_answered;
static size_t queued_at_high, queued_at_low;
static uint64_t received;
static int64_t rtt_ns;

static void on_open(struct fc_conn *opened)
{
    conn = fc_conn_ref(opened);
    sem_post(&is_open);
}

static void on_message(struct fc_conn *from, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)from;
    (void)kind;
    received += payload.size;
}

static void on_pressure(struct fc_conn *on, bool is_now_high)
{
    *(is_now_high ? &queued_at_high : &queued_at_low) = fc_conn_queued(on);
    sem_post(is_now_high ? &is_high : &is_low);
}

static void on_pong(struct fc_conn *from, int64_t rtt)
{
    assert_int_equal(fc_conn_rtt(from), rtt / 1000 * 1000);
    rtt_ns = rtt;
    sem_post(&is_answered);
}

static void on_closed(struct fc_conn *over)
{
    assert_ptr_equal(over, conn);
    sem_post(&is_closed);
}

static void *thread_main(void *arg)
{
    assert_int_equal(fc_server_run(arg), 0);
    return NULL;
}

static int setup(void **state)
{
    (void)state;
    static const struct fc_conn_handler flow = { .open = on_open,
                                                 .message = on_message,
                                                 .pong = on_pong,
                                                 .pressure = on_pressure,
                                                 .closed = on_closed };
    static const struct fc_route route = { .path = "/ws", .handler = &flow };
    static const struct fc_handler handler = { .routes = &route, .route_count = 1 };
    static const char *const listen[] = { "127.0.0.1:0" };
    sem_t *const semaphores[] = { &is_open, &is_high, &is_low, &is_closed, &is_answered };
    for (size_t i = 0; i < sizeof(semaphores) / sizeof(semaphores[0]); i++) {
        sem_init(semaphores[i], 0, 0);
    }
    received = 0;
    struct fc_error error;
    if (fc_server_new(&host.server,
                      &(struct fc_server_options){ .listen = listen,
                                                   .listen_count = 1,
                                                   .threads = 1,
                                                   .conn.queue_max_bytes = QUEUE_MAX,
                                                   .conn.high_water_bytes = HIGH,
                                                   .conn.low_water_bytes = LOW },
                      &handler, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(pthread_create(&host.thread, NULL, thread_main, host.server), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fc_server_stop(host.server);
    pthread_join(host.thread, NULL);
    fc_server_free(&host.server);
    return 0;
}

static int open_ws(int receive_bytes)
{
    const int fd = host_connect_small(&host, receive_bytes);
    wire_open_ws(fd);
    host_wait(&is_open);
    return fd;
}

static void drop_ref(struct host *h, void *ctx)
{
    (void)h;
    (void)ctx;
    fc_conn_unref(&conn);
}

static void leave(int fd)
{
    close(fd);
    host_wait(&is_closed);
    host_run(&host, drop_ref, NULL);
}

static void push_pieces(struct host *h, void *ctx)
{
    (void)h;
    for (int i = *(int *)ctx; i > 0; i--) {
        const struct fc_bytes bytes = { piece, sizeof(piece) };
        assert_true(fc_conn_send_bytes(conn, FC_WS_BINARY, bytes, FC_COMPRESS_NEVER));
    }
}

static void look_at_queue(struct host *h, void *ctx)
{
    (void)h;
    *(size_t *)ctx = fc_conn_queued(conn);
}

static void water_marks_are_told_both_ways(void **state)
{
    (void)state;
    int pieces = 4;
    int sent = 0;
    size_t queued = 0;
    const int fd = open_ws(4096);
    while (sem_trywait(&is_high) != 0) { /* the kernel takes some of it first */
        host_run(&host, look_at_queue, &queued);
        if (queued <= HIGH) {
            host_run(&host, push_pieces, &pieces);
            sent += pieces;
        }
    }
    assert_true(queued_at_high > HIGH);
    for (int i = 0; i < sent; i++) {
        wire_hear_frame(fd, &frame);
        assert_int_equal(frame.size, PIECE);
    }
    host_wait(&is_low);
    assert_true(queued_at_low <= LOW);
    assert_int_not_equal(sem_trywait(&is_high), 0); /* told once */
    leave(fd);
}

static void pause_now(struct host *h, void *ctx)
{
    (void)h;
    (void)ctx;
    fc_conn_pause(conn);
}

static void resume_now(struct host *h, void *ctx)
{
    (void)h;
    (void)ctx;
    fc_conn_resume(conn);
}

static void count_received(struct host *h, void *ctx)
{
    (void)h;
    *(uint64_t *)ctx = received;
}

/* Paused, the kernel's buffers fill and the peer has to wait; nothing is lost. */
static void a_paused_connection_holds_its_peer_up(void **state)
{
    (void)state;
    static uint8_t bytes[8 + 65535];
    const uint8_t head[8] = { 0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0 };
    memcpy(bytes, head, sizeof(head));
    const int fd = open_ws(0);
    host_run(&host, pause_now, NULL);
    uint64_t given = 0;
    ssize_t size;
    /* a whole message at a time, until the kernel takes no more */
    while ((size = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL)) ==
           (ssize_t)sizeof(bytes)) {
        given++;
    }
    uint64_t got = 1;
    host_run(&host, count_received, &got);
    assert_int_equal(got, 0);
    host_run(&host, resume_now, NULL);
    const size_t rest = size > 0 ? sizeof(bytes) - (size_t)size : sizeof(bytes);
    wire_say_bytes(fd, bytes + (sizeof(bytes) - rest), rest);
    given++;
    wire_say_frame(fd, 9, "p", 1); /* its pong says that all before it was received */
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.opcode, 10);
    host_run(&host, count_received, &got);
    assert_true(got == given * 65535);
    leave(fd);
}

static void send_parts(struct host *h, void *ctx)
{
    (void)h;
    (void)ctx;
    const struct fc_bytes a = { (const uint8_t *)"a", 1 };
    const struct fc_bytes b = { (const uint8_t *)"b", 1 };
    struct fc_message *shown =
        fc_message_new_ws(FC_WS_TEXT, (struct fc_bytes){ (uint8_t *)"p", 1 });
    assert_true(fc_conn_send_part(conn, FC_WS_TEXT, a, false));
    assert_true(fc_conn_send_text(conn, "behind"));
    assert_true(fc_conn_put(conn, 0, shown));
    assert_true(fc_conn_send_part(conn, FC_WS_TEXT, b, false));
    assert_true(fc_conn_ping(conn));
    assert_false(fc_conn_ping(conn)); /* one at a time */
    assert_true(fc_conn_send_part(conn, FC_WS_TEXT, (struct fc_bytes){ 0 }, true));
    fc_message_unref(&shown);
}

static void parts_are_not_mixed_with_others(void **state)
{
    (void)state;
    static const struct {
        int opcode;
        const char *text;
    } rows[] = { { 1, "a" }, { 0, "b" }, { 0, "" }, { 1, "behind" }, { 1, "p" } };
    const int fd = open_ws(0);
    host_run(&host, send_parts, NULL);
    int pings = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]);) {
        wire_hear_part(fd, &frame);
        if (frame.opcode == 9) { /* anywhere */
            wire_say_frame(fd, 10, frame.payload, frame.size);
            pings++;
            continue;
        }
        assert_int_equal(frame.opcode, rows[i].opcode);
        assert_int_equal(frame.size, strlen(rows[i].text));
        assert_int_equal(frame.is_last, i >= 2);
        i++;
    }
    if (pings == 0) {
        wire_hear_frame(fd, &frame);
        wire_say_frame(fd, 10, frame.payload, frame.size);
    }
    host_wait(&is_answered);
    assert_true(rtt_ns >= 0);
    leave(fd);
}

static void use_after_the_end(struct host *h, void *ctx)
{
    (void)h;
    (void)ctx;
    struct fc_message *message = fc_message_new_ws(FC_WS_TEXT, (struct fc_bytes){ 0 });
    assert_false(fc_conn_is_open(conn));
    assert_false(fc_conn_send_text(conn, "x"));
    assert_false(fc_conn_send(conn, message));
    assert_false(fc_conn_put(conn, 0, message));
    assert_false(fc_conn_send_part(conn, FC_WS_TEXT, (struct fc_bytes){ 0 }, true));
    assert_false(fc_conn_ping(conn));
    fc_conn_pause(conn);
    fc_conn_resume(conn);
    fc_conn_hold(conn, 0, true);
    fc_conn_clear(conn, 0);
    fc_conn_finish(conn);
    fc_conn_close(conn, 1000, "again");
    assert_int_equal(fc_conn_queued(conn), 0);
    assert_int_equal(fc_conn_close_code(conn), 4123);
    assert_string_equal(fc_conn_close_reason(conn), "bye");
    assert_string_equal(fc_conn_peer(conn), "gone");
    assert_null(fc_conn_tls_version(conn));
    fc_message_unref(&message);
    fc_conn_unref(&conn);
}

static void an_object_outlives_its_connection(void **state)
{
    (void)state;
    const int fd = open_ws(0);
    wire_say_frame(fd, 8,
                   "\x10\x1b"
                   "bye",
                   5);
    wire_hear_close(fd, 4123);
    close(fd);
    host_wait(&is_closed);
    host_run(&host, use_after_the_end, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(water_marks_are_told_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(a_paused_connection_holds_its_peer_up, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_are_not_mixed_with_others, setup, teardown),
        cmocka_unit_test_setup_teardown(an_object_outlives_its_connection, setup, teardown),
    };
    return cmocka_run_group_tests_name("net/flow", tests, NULL, NULL);
}
