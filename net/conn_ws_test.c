/* SPDX-License-Identifier: MIT */
/* WebSocket over a real socket: what is sent, in which order, and how it ends. */
#include "net/testing/host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/conn.h"
#include "net/testing/wire.h"

#define MS INT64_C(1000000)
#define TEXT 1
#define BINARY 2
#define CLOSE 8
#define PING 9
#define PONG 10
#define BIG (16 * 1024 * 1024)

static struct host host;
static struct wire_frame frame;

static int setup(void **state)
{
    (void)state;
    host_start(&host, (struct fc_server_options){ .conn.idle_viewer_ns = 600 * MS });
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

static int open_ws(void)
{
    const int fd = host_connect(&host);
    wire_open_ws(fd);
    return fd;
}

static void expect(int fd, int opcode, const char *text)
{
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.opcode, opcode);
    assert_int_equal(frame.size, strlen(text));
    assert_memory_equal(frame.payload, text, strlen(text));
}

/* What a test has the application do, on its loop. */

struct put {
    uint32_t slot;
    uint64_t tag;
    const char *text;
    size_t more; /* zeros behind it */
};

static struct fc_message *make(const char *text, uint64_t tag, size_t more)
{
    const size_t size = strlen(text) + more;
    uint8_t *payload = calloc(1, size + 1);
    assert_non_null(payload);
    memcpy(payload, text, strlen(text));
    struct fc_body *body = fc_body_new((struct fc_bytes){ payload, size });
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .ws_kind = FC_WS_BINARY,
        .head = { (const uint8_t *)"h??:", 4 },
        .body = body,
        .tag = tag,
        .skipped_at = 1,
    });
    fc_body_unref(&body);
    free(payload);
    assert_non_null(message);
    return message;
}

static void put(struct host *h, void *ctx)
{
    const struct put *p = ctx;
    struct fc_message *message = make(p->text, p->tag, p->more);
    assert_true(fc_conn_put(h->latest, p->slot, message));
    fc_message_unref(&message);
}

static void put_three(struct host *h, void *ctx)
{
    (void)ctx;
    put(h, &(struct put){ .slot = 3, .tag = 1, .text = "one" });
    put(h, &(struct put){ .slot = 3, .tag = 2, .text = "two" });
    put(h, &(struct put){ .slot = 3, .tag = 3, .text = "three" });
    assert_int_equal(fc_conn_dropped(h->latest), 2);
}

static void send_text(struct host *h, void *text)
{
    struct fc_message *message =
        fc_message_new_ws(FC_WS_TEXT, (struct fc_bytes){ text, strlen(text) });
    assert_true(fc_conn_send(h->latest, message));
    fc_message_unref(&message);
}

static void hold(struct host *h, void *ctx)
{
    fc_conn_hold(h->latest, 0, ctx != NULL);
}

static void hold_and_put(struct host *h, void *ctx)
{
    (void)ctx;
    hold(h, h);
    put(h, &(struct put){ .tag = 7, .text = "held" });
    send_text(h, "marker");
}

static void close_politely(struct host *h, void *ctx)
{
    (void)ctx;
    fc_conn_close(h->latest, FC_WS_CODE_NORMAL, "done");
}

static void send_until_full(struct host *h, void *count)
{
    static uint8_t zeros[65536];
    struct fc_message *message =
        fc_message_new_ws(FC_WS_BINARY, (struct fc_bytes){ zeros, sizeof(zeros) });
    while (fc_conn_send(h->latest, message)) {
        ++*(unsigned *)count;
    }
    assert_false(fc_conn_send(h->latest, message));
    fc_message_unref(&message);
}

struct lengths {
    uint32_t ring_count;
    bool is_blocked;
};

static void look(struct host *h, void *ctx)
{
    struct lengths *lengths = ctx;
    lengths->ring_count = h->latest->outbox.queue.count;
    lengths->is_blocked = h->latest->is_blocked;
}

/* Put so much that the socket takes no more of it. */
static void put_big(void)
{
    struct lengths lengths = { 0 };
    host_run(&host, put, &(struct put){ .text = "big", .more = BIG });
    while (!lengths.is_blocked) {
        host_run(&host, look, &lengths); /* each in a later turn of the loop */
    }
}

/* What the application was told by now; the client may know earlier that something began. */
static void expect_started(unsigned count, uint64_t tag)
{
    struct lengths lengths;
    host_run(&host, look, &lengths);
    assert_int_equal(host.started_count, count);
    assert_int_equal(host.started_tag, tag);
}

/* Tests */

static void what_is_sent_comes_back(void **state)
{
    (void)state;
    static char big[40000];
    memset(big, 'x', sizeof(big) - 1);
    const int fd = open_ws();
    wire_say_frame(fd, TEXT, "hi", 2);
    expect(fd, TEXT, "hi");
    wire_say_frame(fd, BINARY, big, sizeof(big) - 1);
    expect(fd, BINARY, big);
    wire_say_frame(fd, PING, "p", 1);
    expect(fd, PONG, "p");
    close(fd);
    host_wait(&host.is_closed);
}

struct saying {
    const char *text;
    enum fc_compress compress;
};

static void say_so(struct host *h, void *ctx)
{
    const struct saying *saying = ctx;
    const struct fc_bytes bytes = { (const uint8_t *)saying->text, strlen(saying->text) };
    assert_true(fc_conn_send_bytes(h->latest, FC_WS_TEXT, bytes, saying->compress));
}

/* RSV1 says it: RFC 7692 section 6. */
static void each_message_may_be_left_as_it_is(void **state)
{
    (void)state;
    enum { LONG = 2000 };
    static char text[LONG + 1];
    char head[WIRE_SIZE];
    uint8_t header[4];
    uint8_t payload[LONG];
    memset(text, 'a', LONG);
    host_start(&host, (struct fc_server_options){ .conn.compression = FC_COMPRESSION_ON });
    const int fd = host_connect(&host);
    wire_say(fd, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    wire_hear(fd, "\r\n\r\n", head);
    assert_non_null(strstr(head, "\r\nSec-WebSocket-Extensions: permessage-deflate"));

    host_run(&host, say_so, &(struct saying){ text, FC_COMPRESS_NEVER });
    wire_hear_bytes(fd, header, sizeof(header));
    assert_memory_equal(header, "\x81\x7e\x07\xd0", sizeof(header));
    wire_hear_bytes(fd, payload, sizeof(payload));
    assert_memory_equal(payload, text, LONG);

    host_run(&host, say_so, &(struct saying){ text, FC_COMPRESS_AUTO });
    wire_hear_bytes(fd, header, 2);
    assert_int_equal(header[0], 0xc1);
    assert_in_range(header[1], 2, 100);
    wire_hear_bytes(fd, payload, header[1]);

    host_run(&host, say_so, &(struct saying){ "hi", FC_COMPRESS_AUTO }); /* would get longer */
    wire_hear_bytes(fd, header, sizeof(header));
    assert_memory_equal(header, "\x81\x02hi", sizeof(header));
    close(fd);
    host_stop(&host);
}

/* Whose message may lie in part in the loop's input. Only compared, never looked at. */
static void look_who_holds(struct host *h, void *holder)
{
    *(struct fc_conn **)holder = h->latest->loop->input_holder;
}

static void look_who_came(struct host *h, void *conn)
{
    *(struct fc_conn **)conn = h->latest;
}

static const struct fc_conn *latest(void)
{
    struct fc_conn *conn = NULL;
    host_run(&host, look_who_came, &conn);
    return conn;
}

static void wait_until_it_holds(const struct fc_conn *conn)
{
    struct fc_conn *holder = NULL;
    for (int i = 0; i < 100000 && holder != conn; i++) {
        host_run(&host, look_who_holds, &holder);
    }
    assert_ptr_equal(holder, conn);
}

static void messages_in_pieces_do_not_mix(void **state)
{
    (void)state;
    enum { SENDERS = 3, PAYLOAD = 3000, FRAME = 8 + PAYLOAD, PIECE = 500 };
    uint8_t frames[SENDERS][FRAME] = { 0 };
    char text[PAYLOAD + 1] = "";
    int fds[SENDERS];
    const struct fc_conn *conns[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        static const uint8_t header[8] = { 0x82, 0xfe, PAYLOAD >> 8, PAYLOAD & 0xff };
        memcpy(frames[i], header, sizeof(header));
        memset(frames[i] + sizeof(header), 'a' + i, PAYLOAD);
        fds[i] = open_ws();
        conns[i] = latest();
    }
    for (size_t at = 0; at + PIECE < FRAME; at += PIECE) {
        for (int i = 0; i < SENDERS; i++) {
            wire_say_bytes(fds[i], frames[i] + at, PIECE);
            wait_until_it_holds(conns[i]);
        }
    }
    const size_t rest = FRAME % PIECE;
    for (int i = 0; i < SENDERS; i++) {
        wire_say_bytes(fds[i], frames[i] + FRAME - rest, rest);
        memset(text, 'a' + i, PAYLOAD);
        expect(fds[i], BINARY, text);
        close(fds[i]);
    }
    host_wait(&host.is_closed);
}

static void answer_at_last(struct host *h, void *ctx)
{
    (void)ctx;
    fc_conn_respond(h->latest, &(struct fc_response){ .content_type = "text/plain" });
}

/* Its handshake and first message were kept while an earlier request was being answered: they come
 * to the loop's input without being read. */
static void a_message_that_was_kept_spares_what_another_holds(void **state)
{
    (void)state;
    static const char late[] =
        "GET /never HTTP/1.1\r\nHost: x\r\n\r\n" WIRE_UPGRADE("/ws") "\x81\x82\0\0\0\0hi";
    char head[WIRE_SIZE];
    const int one = open_ws();
    const struct fc_conn *holder = latest();
    const int two = host_connect(&host);
    wire_say_bytes(two, late, sizeof(late) - 1);
    for (int i = 0; i < 100000 && latest() == holder; i++) {
    }
    wire_say_bytes(one, "\x82\x85\0\0\0\0he", 8);
    wait_until_it_holds(holder);
    host_run(&host, answer_at_last, NULL);
    wire_hear(two, "\r\n\r\n", head);
    wire_hear(two, "\r\n\r\n", head);
    assert_int_equal(strncmp(head, "HTTP/1.1 101 ", 13), 0);
    expect(two, TEXT, "hi");
    wire_say_bytes(one, "llo", 3);
    expect(one, BINARY, "hello");
    close(one);
    close(two);
}

/* What comes next begins at the front. */
static void who_goes_in_the_middle_of_a_message_leaves_no_trace(void **state)
{
    (void)state;
    const int fd = open_ws();
    wire_say_bytes(fd, "\x82\x85\0\0\0\0he", 8);
    wait_until_it_holds(latest());
    close(fd);
    host_wait(&host.is_closed);
    const int next = open_ws();
    wire_say_frame(next, TEXT, "hi", 2);
    expect(next, TEXT, "hi");
    close(next);
}

static void the_answer_goes_before_all_else(void **state)
{
    (void)state;
    char text[WIRE_SIZE];
    static const uint8_t ping[] = { 0x89, 0x80, 0, 0, 0, 0 };
    static const uint8_t bye[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };
    int fd = host_connect(&host);
    char request[512];
    memcpy(request, WIRE_UPGRADE("/ws"), sizeof(WIRE_UPGRADE("/ws")));
    const size_t size = strlen(request);
    memcpy(request + size, ping, sizeof(ping));
    memcpy(request + size + sizeof(ping), bye, sizeof(bye));
    wire_say_bytes(fd, request, size + sizeof(ping)); /* in one packet with the handshake */
    wire_hear(fd, "\r\n\r\n", text);
    assert_int_equal(strncmp(text, "HTTP/1.1 101 ", 13), 0);
    expect(fd, PONG, "");
    close(fd);

    fd = host_connect(&host);
    wire_say_bytes(fd, request, size + sizeof(ping) + sizeof(bye));
    wire_hear(fd, "\r\n\r\n", text);
    assert_int_equal(strncmp(text, "HTTP/1.1 101 ", 13), 0);
    expect(fd, PONG, "");
    wire_hear_close(fd, 1000);
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void refused_handshakes_say_how(void **state)
{
    (void)state;
    struct wire_answer answer;
    int fd = host_connect(&host);
    wire_say(fd, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 426);
    assert_non_null(strstr(answer.head, "\r\nSec-WebSocket-Version: 13\r\n"));
    assert_non_null(strstr(answer.head, "\r\nConnection: Upgrade\r\n"));
    close(fd);
    fd = host_connect(&host);
    wire_say(fd, "POST /ws HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, 405);
    assert_non_null(strstr(answer.head, "\r\nAllow: GET\r\n"));
    close(fd);
}

static void every_end_has_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        unsigned code;
    } rows[] = {
        { "\x88\x82\0\0\0\0\x03\xe8", 8, 1000 },
        { "\x88\x82\0\0\0\0\x0f\xa0", 8, 4000 },
        { "\x81\x02hi", 4, 1002 },                        /* not masked */
        { "\xc1\x80\0\0\0\0", 6, 1002 },                  /* a reserved bit */
        { "\x88\x81\0\0\0\0\x03", 7, 1002 },              /* half a code */
        { "\x81\x81\0\0\0\0\xff", 7, 1007 },              /* no UTF-8 */
        { "\x82\xff\0\0\0\0\0\1\0\1\0\0\0\0", 14, 1009 }, /* 64 KiB and one */
        { "\x81\x85\0\0\0\0close", 11, 4001 },            /* the application's */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int fd = open_ws();
        wire_say_bytes(fd, rows[i].bytes, rows[i].size);
        wire_hear_close(fd, rows[i].code);
        if (rows[i].code == 4001) {
            wire_say_frame(fd, CLOSE, "\x0f\xa1", 2);
        } else if (rows[i].code > 1000 && rows[i].code < 4000) {
            wire_say_frame(fd, TEXT, "nobody wants this any more", 26); /* but it is read */
        }
        assert_true(wire_hear_end(fd)); /* an end, not a reset */
        close(fd);
        host_wait(&host.is_closed);
    }
}

static void a_close_comes_after_what_was_sent(void **state)
{
    (void)state;
    const int fd = open_ws();
    host_run(&host, send_text, "last words");
    host_run(&host, close_politely, NULL);
    expect(fd, TEXT, "last words");
    wire_hear_close(fd, 1000);
    wire_say_frame(fd, CLOSE, "\x03\xe8", 2);
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void two_closes_may_cross(void **state)
{
    (void)state;
    const int fd = host_connect_small(&host, 4096);
    wire_open_ws(fd);
    put_big();
    host_run(&host, close_politely, NULL); /* waits behind what has begun */
    wire_say_frame(fd, CLOSE, "\x0f\xa0", 2);
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.size, BIG + 7);
    wire_hear_close(fd, 1000); /* ours, although theirs came before it had gone */
    assert_true(wire_hear_end(fd));
    close(fd);
}

static void a_queue_that_is_full_is_1013(void **state)
{
    (void)state;
    struct fc_server_stats stats;
    unsigned sent = 0;
    const int fd = open_ws();
    host_run(&host, send_until_full, &sent);
    assert_true(sent >= 15 && sent <= 16); /* of 64 KiB into 1 MiB */
    wire_hear_close(fd, 1013);
    wire_say_frame(fd, CLOSE, "\x03\xf5", 2);
    assert_true(wire_hear_end(fd));
    fc_server_stats(host.server, &stats);
    assert_int_equal(stats.closed_slow, 1);
    close(fd);
}

static void a_newer_one_replaces_what_waits(void **state)
{
    (void)state;
    const int fd = open_ws();
    host_run(&host, put_three, NULL);
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.opcode, BINARY);
    assert_int_equal(frame.size, 9);
    assert_memory_equal(frame.payload, "h\0\2:three", 9); /* two were left out */
    host_run(&host, put, &(struct put){ .slot = 3, .tag = 4, .text = "four" });
    wire_hear_frame(fd, &frame);
    assert_memory_equal(frame.payload, "h\0\0:four", 8);
    expect_started(2, 4);
    close(fd);
}

static void a_held_slot_waits_until_it_is_released(void **state)
{
    (void)state;
    const int fd = open_ws();
    host_run(&host, hold_and_put, NULL);
    expect(fd, TEXT, "marker");
    expect_started(0, 0);
    host_run(&host, hold, NULL);
    wire_hear_frame(fd, &frame);
    assert_memory_equal(frame.payload, "h\0\0:held", 8);
    expect_started(1, 7);
    close(fd);
}

static void who_takes_nothing_is_reset(void **state)
{
    (void)state;
    struct fc_server_stats stats;
    const int fd = host_connect_small(&host, 4096);
    wire_open_ws(fd);
    host_run(&host, put, &(struct put){ .text = "big", .more = BIG });
    host_wait(&host.is_closed);
    assert_int_equal(host.close_code, FC_WS_CODE_ABNORMAL);
    fc_server_stats(host.server, &stats);
    assert_int_equal(stats.closed_idle, 1);
    char buffer[4096];
    ssize_t size;
    while ((size = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
    }
    assert_int_equal(size, -1); /* so that the kernel holds nothing for it */
    assert_int_equal(errno, ECONNRESET);
    close(fd);
}

static void pings_of_who_does_not_read_cost_nothing(void **state)
{
    (void)state;
    enum { PINGS = 3000 };
    struct lengths lengths;
    const int fd = host_connect_small(&host, 4096);
    wire_open_ws(fd);
    put_big();
    for (int i = 0; i < PINGS; i++) {
        wire_say_frame(fd, PING, &i, sizeof(i));
        if (i % 16 == 0) {
            host_run(&host, look, &lengths); /* so that they are read a few at a time */
            assert_true(lengths.ring_count <= 2);
        }
    }
    assert_true(lengths.is_blocked);
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.size, BIG + 7);
    int last = -1;
    while (last != PINGS - 1) {
        wire_hear_frame(fd, &frame);
        assert_int_equal(frame.opcode, PONG);
        memcpy(&last, frame.payload, sizeof(last));
    }
    close(fd);
}

static void a_stop_tells_everybody(void **state)
{
    (void)state;
    enum { VIEWERS = 20 };
    int fds[VIEWERS];
    for (int i = 0; i < VIEWERS; i++) {
        fds[i] = open_ws();
    }
    const int idle = host_connect(&host);
    fc_server_stop(host.server);
    for (int i = 0; i < VIEWERS; i++) {
        wire_hear_close(fds[i], 1001);
        wire_say_frame(fds[i], CLOSE, "\x03\xe9", 2);
    }
    for (int i = 0; i < VIEWERS; i++) {
        assert_true(wire_hear_end(fds[i]));
        close(fds[i]);
    }
    assert_true(wire_hear_end(idle));
    close(idle);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_sent_comes_back),
        CASE(messages_in_pieces_do_not_mix),
        CASE(a_message_that_was_kept_spares_what_another_holds),
        CASE(who_goes_in_the_middle_of_a_message_leaves_no_trace),
        CASE(the_answer_goes_before_all_else),
        CASE(refused_handshakes_say_how),
        CASE(every_end_has_its_code),
        CASE(a_close_comes_after_what_was_sent),
        CASE(two_closes_may_cross),
        CASE(a_queue_that_is_full_is_1013),
        CASE(a_newer_one_replaces_what_waits),
        CASE(a_held_slot_waits_until_it_is_released),
        CASE(who_takes_nothing_is_reset),
        CASE(pings_of_who_does_not_read_cost_nothing),
        CASE(a_stop_tells_everybody),
        cmocka_unit_test(each_message_may_be_left_as_it_is),
    };
    return cmocka_run_group_tests_name("net/conn_ws", tests, NULL, NULL);
}
