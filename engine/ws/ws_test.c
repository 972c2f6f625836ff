/* SPDX-License-Identifier: MIT */
#include <framecast/ws.h>

#include "engine/testing/alloc.h"
#include "engine/testing/test.h"

/* What the pages of tests/wire/ cannot say: room, limits of output, time and memory. */

#define SECONDS(n) (INT64_C(1000000000) * (n))

enum { SPACE_BYTES = 8192 };

static uint8_t space[SPACE_BYTES];

static struct fc_ws *make(struct fc_ws_options options)
{
    options.input_space = (struct fc_space){ space, sizeof(space) };
    struct fc_ws *ws = fc_ws_new(&options);
    assert_non_null(ws);
    return ws;
}

static struct fc_ws *make_client(void)
{
    return make((struct fc_ws_options){ .role = FC_WS_CLIENT });
}

static void feed(struct fc_ws *ws, struct fc_bytes bytes)
{
    const struct fc_space room = fc_ws_input(ws);
    assert_true(room.size >= bytes.size);
    memcpy(room.data, bytes.data, bytes.size);
    fc_ws_input_done(ws, bytes.size, 0);
}

static void expect_no_event(struct fc_ws *ws)
{
    struct fc_ws_event event;
    assert_false(fc_ws_next_event(ws, &event));
}

static struct fc_ws_event expect_event(struct fc_ws *ws, enum fc_ws_event_type type)
{
    struct fc_ws_event event = { 0 };
    assert_true(fc_ws_next_event(ws, &event));
    assert_int_equal(event.type, type);
    return event;
}

static void expect_close(struct fc_ws *ws, uint16_t code, bool is_clean)
{
    const struct fc_ws_event event = expect_event(ws, FC_WS_EVENT_CLOSE);
    assert_int_equal(event.code, code);
    assert_int_equal(event.is_clean, is_clean);
    expect_no_event(ws);
    assert_int_equal(fc_ws_input(ws).size, 0);
}

static void drain(struct fc_ws *ws)
{
    while (fc_ws_output(ws).size > 0) {
        fc_ws_output_done(ws, 1);
    }
}

static void an_idle_engine_holds_only_itself(void **state)
{
    (void)state;
    struct fc_ws *ws = make((struct fc_ws_options){ .role = FC_WS_CLIENT });
    assert_int_equal(alloc_live(), 1);
    feed(ws, BYTES("\x81\x02hi\x01\x02"
                   "ab"));
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    assert_int_equal(alloc_live(), 1); /* given out where it lay */
    expect_no_event(ws);
    assert_int_equal(alloc_live(), 2); /* the fragment */
    feed(ws, BYTES("\x80\x00"));
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    expect_no_event(ws);
    assert_true(fc_ws_send(ws, FC_WS_TEXT, BYTES("x")));
    assert_int_equal(alloc_live(), 2);
    drain(ws);
    assert_int_equal(alloc_live(), 1);
    fc_ws_free(&ws);
    fc_ws_free(&ws);
    assert_int_equal(alloc_live(), 0);
}

static void an_engine_may_have_its_own_room(void **state)
{
    (void)state;
    struct fc_ws *ws = fc_ws_new(&(struct fc_ws_options){ .role = FC_WS_CLIENT });
    assert_non_null(ws);
    assert_int_equal(fc_ws_input(ws).size, 16384);
    feed(ws, BYTES("\x81\x02hi"));
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    fc_ws_free(&ws);
}

static void huge_room_is_used_in_part(void **state)
{
    (void)state;
    struct fc_ws *ws = fc_ws_new(&(struct fc_ws_options){
        .input_space = { space, (size_t)UINT32_MAX + 1 }, /* a lie, but nobody will write */
    });
    assert_non_null(ws);
    assert_true(fc_ws_input(ws).size == UINT32_MAX);
    fc_ws_free(&ws);
}

static void a_large_message_is_received_in_place(void **state)
{
    (void)state;
    enum { PAYLOAD = 600 * 1024 };
    struct fc_ws *ws = make_client();
    feed(ws, BYTES("\x82\x7f\0\0\0\0\0\x09\x60\x00"
                   "abc"));
    expect_no_event(ws);
    size_t got = 3;
    while (got < PAYLOAD) {
        const struct fc_space room = fc_ws_input(ws);
        const size_t left = PAYLOAD - got;
        if (left < 4096) {
            assert_ptr_equal(room.data, space);
        } else {
            assert_ptr_not_equal(room.data, space);
            assert_int_equal(room.size, left < 262144 ? left : 262144);
        }
        const size_t n = left > 5000 ? room.size - 1000 : left > 1000 ? 1000 : left;
        memset(room.data, 'x', n);
        expect_no_event(ws);
        fc_ws_input_done(ws, n, 0);
        got += n;
        if (got < PAYLOAD) {
            expect_no_event(ws);
        }
    }
    assert_int_equal(fc_ws_input(ws).size, 0); /* the message first */
    const struct fc_ws_event event = expect_event(ws, FC_WS_EVENT_MESSAGE);
    assert_int_equal(event.payload.size, PAYLOAD);
    assert_memory_equal(event.payload.data, "abcxxx", 6);
    assert_int_equal(event.payload.data[PAYLOAD - 1], 'x');
    expect_no_event(ws);
    assert_int_equal(alloc_live(), 1);
    fc_ws_free(&ws);
}

static void closing_spares_the_room_on_loan(void **state)
{
    (void)state;
    struct fc_ws *ws = make_client();
    feed(ws, BYTES("\x81\x7e\x20\x00"
                   "abc"));
    expect_no_event(ws);
    const struct fc_space room = fc_ws_input(ws);
    fc_ws_close(ws, FC_WS_CODE_NORMAL, NULL, 0);
    expect_no_event(ws);
    memset(room.data, 0xff, room.size); /* no text, but nobody will read it */
    fc_ws_input_done(ws, room.size, 0);
    expect_no_event(ws);
    assert_int_equal(alloc_live(), 2); /* itself and the close frame */
    feed(ws, BYTES("\x88\x02\x03\xe8"));
    expect_close(ws, 1000, true);
    drain(ws);
    assert_true(fc_ws_is_done(ws));
    fc_ws_free(&ws);
}

static void unread_events_hold_input_back(void **state)
{
    (void)state;
    struct fc_ws *ws = make_client();
    feed(ws, BYTES("\x81\x01"
                   "a\x81\x01"
                   "b"));
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    assert_int_equal(fc_ws_input(ws).size, 0);
    fc_ws_input_done(ws, 0, 0);
    assert_true(fc_ws_is_open(ws));
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    assert_int_equal(fc_ws_input(ws).size, SPACE_BYTES);
    fc_ws_free(&ws);
}

static void output_is_bounded(void **state)
{
    (void)state;
    struct fc_ws *ws = make((struct fc_ws_options){ .output_max_bytes = 100 });
    uint8_t data[101] = { 0 };
    assert_false(fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ data, 101 }));
    assert_true(fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ data, 100 }));
    assert_false(fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ data, 0 }));
    fc_ws_output_done(ws, 52);
    assert_false(fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ data, 51 }));
    assert_true(fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ data, 50 }));
    assert_true(fc_ws_is_open(ws));
    fc_ws_close(ws, FC_WS_CODE_NORMAL, "bye", 0);
    assert_false(fc_ws_is_open(ws));
    assert_false(fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ 0 }));
    assert_false(fc_ws_ping(ws, 0));
    fc_ws_close(ws, FC_WS_CODE_GOING_AWAY, "again", 0); /* changes nothing */
    const struct fc_bytes out = fc_ws_output(ws);
    assert_memory_equal(out.data + out.size - 7,
                        "\x88\x05\x03\xe8"
                        "bye",
                        7);
    fc_ws_free(&ws);
}

static void a_silent_peer_is_pinged_and_given_up(void **state)
{
    (void)state;
    struct fc_ws *ws = make((struct fc_ws_options){ .ping_every_ns = SECONDS(20) });
    assert_true(fc_ws_tick(ws, SECONDS(1)) == SECONDS(21));
    assert_true(fc_ws_tick(ws, SECONDS(21)) == SECONDS(41));
    assert_int_equal(fc_ws_output(ws).size, 6);
    assert_false(fc_ws_ping(ws, SECONDS(22)));
    drain(ws);
    assert_true(fc_ws_tick(ws, SECONDS(41)) == SECONDS(43));
    expect_close(ws, FC_WS_CODE_INTERNAL, false);
    assert_false(fc_ws_is_done(ws)); /* the close frame is still to be sent */
    assert_true(fc_ws_tick(ws, SECONDS(42)) == SECONDS(43));
    assert_true(fc_ws_tick(ws, SECONDS(43)) == INT64_MAX);
    assert_true(fc_ws_is_done(ws));
    assert_int_equal(fc_ws_output(ws).size, 0);
    expect_no_event(ws);
    fc_ws_free(&ws);
}

static void a_peer_that_is_behind_is_not_given_up(void **state)
{
    (void)state;
    struct fc_ws *ws = make((struct fc_ws_options){ .ping_every_ns = SECONDS(20) });
    assert_true(fc_ws_tick(ws, SECONDS(1)) == SECONDS(21));
    fc_ws_postpone_pong(ws, SECONDS(15)); /* no ping, nothing to postpone */
    assert_true(fc_ws_tick(ws, SECONDS(21)) == SECONDS(41));
    fc_ws_postpone_pong(ws, SECONDS(40));
    assert_true(fc_ws_tick(ws, SECONDS(59)) == SECONDS(60));
    assert_true(fc_ws_is_open(ws));
    (void)fc_ws_tick(ws, SECONDS(60));
    expect_close(ws, FC_WS_CODE_INTERNAL, false);
    fc_ws_free(&ws);
}

static void a_pong_carries_the_round_trip(void **state)
{
    (void)state;
    struct fc_ws *ws = make_client();
    assert_true(fc_ws_tick(ws, SECONDS(1)) == INT64_MAX);
    assert_true(fc_ws_ping(ws, SECONDS(1)));
    const struct fc_space room = fc_ws_input(ws);
    memcpy(room.data, "\x8a\x04\0\0\0\1", 6);
    fc_ws_input_done(ws, 6, SECONDS(3));
    assert_true(expect_event(ws, FC_WS_EVENT_PONG).rtt_ns == SECONDS(2));
    assert_true(fc_ws_ping(ws, SECONDS(4)));
    fc_ws_free(&ws);
}

static void a_close_without_an_answer_times_out(void **state)
{
    (void)state;
    struct fc_ws *ws = make((struct fc_ws_options){ .close_timeout_ns = SECONDS(5) });
    fc_ws_close(ws, FC_WS_CODE_GOING_AWAY, NULL, SECONDS(10));
    assert_true(fc_ws_tick(ws, SECONDS(11)) == SECONDS(15));
    drain(ws);
    assert_false(fc_ws_is_done(ws));
    assert_true(fc_ws_tick(ws, SECONDS(15)) == INT64_MAX);
    assert_true(fc_ws_is_done(ws));
    assert_true(fc_ws_tick(ws, SECONDS(16)) == INT64_MAX);
    expect_close(ws, FC_WS_CODE_ABNORMAL, false);
    fc_ws_free(&ws);
}

static void a_peer_that_is_gone_ends_it(void **state)
{
    (void)state;
    struct fc_ws *ws = make_client();
    assert_true(fc_ws_send(ws, FC_WS_TEXT, BYTES("x")));
    fc_ws_output_done(ws, 0);
    fc_ws_output_done(ws, 3); /* late, and harmless */
    assert_true(fc_ws_is_done(ws));
    expect_close(ws, FC_WS_CODE_ABNORMAL, false);
    fc_ws_input_done(ws, 0, 0);
    fc_ws_close(ws, FC_WS_CODE_NORMAL, NULL, 0);
    assert_int_equal(fc_ws_output(ws).size, 0);
    fc_ws_free(&ws);
}

static struct fc_ws *make_holder(void)
{
    return make((struct fc_ws_options){ .role = FC_WS_CLIENT, .may_hold_input = true });
}

static void the_beginning_of_a_message_is_held_where_it_lies(void **state)
{
    (void)state;
    struct fc_ws *ws = make_holder();
    feed(ws, BYTES("\x81\x05he"));
    expect_no_event(ws);
    const struct fc_space room = fc_ws_input(ws);
    assert_ptr_equal(room.data, space + 4);
    feed(ws, BYTES("llo"));
    const struct fc_ws_event event = expect_event(ws, FC_WS_EVENT_MESSAGE);
    assert_ptr_equal(event.payload.data, space + 2);
    assert_int_equal(event.payload.size, 5);
    assert_memory_equal(event.payload.data, "hello", 5);
    assert_int_equal(alloc_live(), 1);
    expect_no_event(ws);
    assert_ptr_equal(fc_ws_input(ws).data, space);
    fc_ws_free(&ws);
}

static void what_is_held_survives_the_release(void **state)
{
    (void)state;
    struct fc_ws *ws = make_holder();
    assert_true(fc_ws_input_release(ws)); /* nothing */
    feed(ws, BYTES("\x81\x05he"));
    expect_no_event(ws);
    assert_true(fc_ws_input_release(ws));
    assert_true(fc_ws_input_release(ws));
    assert_int_equal(alloc_live(), 2);
    memset(space, 'x', sizeof(space));
    feed(ws, BYTES("llo"));
    const struct fc_ws_event event = expect_event(ws, FC_WS_EVENT_MESSAGE);
    assert_int_equal(event.payload.size, 5);
    assert_memory_equal(event.payload.data, "hello", 5);
    expect_no_event(ws);
    assert_int_equal(alloc_live(), 1);
    fc_ws_free(&ws);
}

/* Frames as long as the last one end where the room ends, so that none is cut off by it. */
static void room_is_for_whole_frames(void **state)
{
    (void)state;
    enum { PAYLOAD = 3000, FRAME = 4 + PAYLOAD, HALF = 1000 };
    static uint8_t frame[FRAME] = { 0x82, 0x7e, PAYLOAD >> 8, PAYLOAD & 0xff };
    struct fc_ws *ws = make_holder();
    assert_int_equal(fc_ws_input(ws).size, SPACE_BYTES);
    feed(ws, (struct fc_bytes){ frame, HALF });
    expect_no_event(ws);
    const struct fc_space behind = fc_ws_input(ws);
    assert_ptr_equal(behind.data, space + HALF);
    assert_int_equal(behind.size, 2 * FRAME - HALF);
    memcpy(behind.data, frame + HALF, FRAME - HALF);
    memcpy(behind.data + FRAME - HALF, frame, FRAME);
    fc_ws_input_done(ws, behind.size, 0);
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    expect_no_event(ws);
    assert_int_equal(fc_ws_input(ws).size, 2 * FRAME);
    assert_int_equal(alloc_live(), 1);
    fc_ws_free(&ws);
}

/* The second of two that do not fit one behind the other: its beginning is copied. */
static void what_does_not_fit_is_not_held(void **state)
{
    (void)state;
    static uint8_t bytes[SPACE_BYTES] = { 0x82, 0x7e, 0x10, 0x00 };
    static const uint8_t larger[] = { 0x82, 0x7e, 0x18, 0x00 };
    memcpy(bytes + 4 + 0x1000, larger, sizeof(larger));
    struct fc_ws *ws = make_holder();
    feed(ws, (struct fc_bytes){ bytes, sizeof(bytes) });
    expect_event(ws, FC_WS_EVENT_MESSAGE);
    expect_no_event(ws);
    assert_int_equal(alloc_live(), 2);
    const size_t missing = 0x1000 + 4 + 0x1800 + 4 - sizeof(bytes);
    feed(ws, (struct fc_bytes){ bytes, missing });
    assert_int_equal(expect_event(ws, FC_WS_EVENT_MESSAGE).payload.size, 0x1800);
    expect_no_event(ws);
    fc_ws_free(&ws);
}

/* Input may be under way behind what is held when the application closes. */
static void closing_spares_what_is_held(void **state)
{
    (void)state;
    struct fc_ws *ws = make_holder();
    feed(ws, BYTES("\x81\x05he"));
    expect_no_event(ws);
    const struct fc_space room = fc_ws_input(ws);
    fc_ws_close(ws, FC_WS_CODE_NORMAL, NULL, 0);
    memcpy(room.data, "l\xff", 2); /* no text, but nobody will read it */
    fc_ws_input_done(ws, 2, 0);
    expect_no_event(ws);
    assert_true(fc_ws_input_release(ws));
    feed(ws, BYTES("o\x88\x02\x03\xe8"));
    expect_close(ws, 1000, true);
    fc_ws_free(&ws);
}

static void a_release_without_memory_is_1011(void **state)
{
    (void)state;
    struct fc_ws *ws = make_holder();
    feed(ws, BYTES("\x81\x05he"));
    expect_no_event(ws);
    alloc_fail_at(1);
    assert_false(fc_ws_input_release(ws));
    alloc_fail_at(0);
    expect_close(ws, 1011, false);
    fc_ws_free(&ws);
    assert_int_equal(alloc_live(), 0);
}

/* Everything that allocates, in a connection that goes well. */
static void live(struct fc_ws *ws)
{
    static const char *const input[] = {
        "\x01\x03\141bc",   "\x80\x05",         "de", "fgh", "\x89\x02p", "q",
        "\x82\x7e\x50\x01", "\x88\x02\x03\xe8",
    };
    struct fc_ws_event event;
    (void)fc_ws_send(ws, FC_WS_TEXT, BYTES("hello"));
    (void)fc_ws_ping(ws, 0);
    for (size_t i = 0; i < COUNT(input); i++) {
        const size_t size = strcmp(input[i], "\x82\x7e\x50\x01") == 0 ? 4 : strlen(input[i]);
        struct fc_space room = fc_ws_input(ws);
        if (room.size == 0) {
            break;
        }
        memcpy(room.data, input[i], size);
        fc_ws_input_done(ws, size, 0);
        while (fc_ws_next_event(ws, &event) && event.type != FC_WS_EVENT_CLOSE) {
        }
        if (size == 4 && input[i][0] == '\x82') {
            for (size_t left = 20481; left > 0 && (room = fc_ws_input(ws)).size > 0;) {
                const size_t n = left < room.size ? left : room.size;
                memset(room.data, 0, n);
                fc_ws_input_done(ws, n, 0);
                while (fc_ws_next_event(ws, &event)) {
                }
                left -= n;
            }
        }
        drain(ws);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    unsigned n = 1;
    for (;; n++) {
        alloc_fail_at(n);
        struct fc_ws *ws = fc_ws_new(&(struct fc_ws_options){ .role = FC_WS_CLIENT });
        if (ws) {
            live(ws);
            drain(ws);
            assert_true(fc_ws_is_done(ws));
        }
        const bool has_failed = alloc_has_failed();
        fc_ws_free(&ws);
        assert_int_equal(alloc_live(), 0);
        if (!has_failed) {
            break;
        }
    }
    assert_true(n > 6);
    alloc_fail_at(0);
}

static void memory_that_fails_is_1011(void **state)
{
    (void)state;
    for (int what = 0; what < 6; what++) {
        struct fc_ws *ws = make((struct fc_ws_options){
            .role = FC_WS_CLIENT,
            .ping_every_ns = 1,
        });
        fc_ws_tick(ws, 0);
        alloc_fail_at(1);
        switch (what) {
        case 0:
            assert_false(fc_ws_send(ws, FC_WS_TEXT, BYTES("a")));
            break;
        case 1:
            assert_false(fc_ws_ping(ws, 0));
            break;
        case 2:
            fc_ws_close(ws, FC_WS_CODE_NORMAL, "a", 0);
            break;
        case 3:
            feed(ws, BYTES("\x89\x01"
                           "a"));
            break;
        case 4:
            feed(ws, BYTES("\x88\x02\x03\xe8"));
            break;
        case 5:
            assert_true(fc_ws_tick(ws, SECONDS(1)) > SECONDS(1));
            break;
        }
        expect_close(ws, FC_WS_CODE_INTERNAL, false);
        drain(ws);
        assert_true(fc_ws_is_done(ws));
        alloc_fail_at(0);
        fc_ws_free(&ws);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_engine_holds_only_itself),
        cmocka_unit_test(an_engine_may_have_its_own_room),
        cmocka_unit_test(huge_room_is_used_in_part),
        cmocka_unit_test(a_large_message_is_received_in_place),
        cmocka_unit_test(the_beginning_of_a_message_is_held_where_it_lies),
        cmocka_unit_test(what_is_held_survives_the_release),
        cmocka_unit_test(room_is_for_whole_frames),
        cmocka_unit_test(what_does_not_fit_is_not_held),
        cmocka_unit_test(closing_spares_what_is_held),
        cmocka_unit_test(a_release_without_memory_is_1011),
        cmocka_unit_test(closing_spares_the_room_on_loan),
        cmocka_unit_test(unread_events_hold_input_back),
        cmocka_unit_test(output_is_bounded),
        cmocka_unit_test(a_silent_peer_is_pinged_and_given_up),
        cmocka_unit_test(a_peer_that_is_behind_is_not_given_up),
        cmocka_unit_test(a_pong_carries_the_round_trip),
        cmocka_unit_test(a_close_without_an_answer_times_out),
        cmocka_unit_test(a_peer_that_is_gone_ends_it),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(memory_that_fails_is_1011),
    };
    return cmocka_run_group_tests_name("ws/ws", tests, NULL, NULL);
}
