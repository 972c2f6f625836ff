/* SPDX-License-Identifier: MIT */
#include "engine/ws/output.h"

#include "engine/testing/alloc.h"
#include "engine/testing/test.h"

static bool add(struct fc_ws_output **output, uint8_t opcode, struct fc_bytes payload)
{
    const struct fc_ws_header header = {
        .fin = true,
        .opcode = opcode,
        .payload_bytes = payload.size,
    };
    return fc_ws_output_add(output, &header, payload);
}

static void expect(const struct fc_ws_output *output, struct fc_bytes wire)
{
    assert_true(bytes_equal(fc_ws_output_get(output), wire));
}

static void frames_wait_in_order_and_leave_nothing(void **state)
{
    (void)state;
    struct fc_ws_output *output = NULL;
    expect(output, (struct fc_bytes){ 0 });
    assert_true(add(&output, FC_WS_OPCODE_TEXT, BYTES("a")));
    assert_true(add(&output, FC_WS_OPCODE_PING, (struct fc_bytes){ 0 }));
    expect(output, BYTES("\x81\x01"
                         "a\x89\x00"));
    fc_ws_output_take(&output, 2);
    expect(output, BYTES("a\x89\x00"));
    fc_ws_output_take(&output, 3);
    assert_null(output);
    assert_int_equal(alloc_live(), 0);
}

static void a_pong_replaces_the_unsent_one(void **state)
{
    (void)state;
    struct fc_ws_output *output = NULL;
    assert_true(add(&output, FC_WS_OPCODE_PONG, BYTES("one")));
    assert_true(add(&output, FC_WS_OPCODE_TEXT, BYTES("t")));
    assert_true(add(&output, FC_WS_OPCODE_PONG, BYTES("two")));
    assert_true(add(&output, FC_WS_OPCODE_PONG, BYTES("3")));
    expect(output, BYTES("\x81\x01t\x8a\x01"
                         "3"));
    fc_ws_output_take(&output, 4); /* the pong has begun */
    assert_true(add(&output, FC_WS_OPCODE_PONG, BYTES("4")));
    expect(output, BYTES("\x01"
                         "3\x8a\x01"
                         "4"));
    fc_ws_output_free(&output);
}

static void a_flood_of_pings_does_not_grow(void **state)
{
    (void)state;
    struct fc_ws_output *output = NULL;
    for (int i = 0; i < 100000; i++) {
        assert_true(add(&output, FC_WS_OPCODE_PONG, BYTES("ping")));
    }
    expect(output, BYTES("\x8a\x04ping"));
    fc_ws_output_free(&output);
}

/* A queue that never runs empty: what was sent makes room, and pongs are still found. */
static void sent_bytes_make_room(void **state)
{
    (void)state;
    struct fc_ws_output *output = NULL;
    uint8_t payload[100];
    memset(payload, 'x', sizeof(payload));
    for (int i = 0; i < 1000; i++) {
        assert_true(add(&output, FC_WS_OPCODE_BINARY, (struct fc_bytes){ payload, 100 }));
        assert_true(add(&output, FC_WS_OPCODE_PONG, BYTES("p")));
        if (i > 0) {
            fc_ws_output_take(&output, 102);
        }
        const struct fc_bytes waiting = fc_ws_output_get(output);
        assert_int_equal(waiting.size, 102 + 3);
        assert_memory_equal(waiting.data + 102, "\x8a\x01p", 3);
    }
    fc_ws_output_free(&output);
}

static void without_memory_nothing_is_queued(void **state)
{
    (void)state;
    struct fc_ws_output *output = NULL;
    uint8_t payload[1000] = { 0 };
    alloc_fail_at(1);
    assert_false(add(&output, FC_WS_OPCODE_TEXT, BYTES("a")));
    assert_null(output);
    assert_true(add(&output, FC_WS_OPCODE_TEXT, BYTES("a")));
    alloc_fail_at(1);
    assert_false(add(&output, FC_WS_OPCODE_BINARY, (struct fc_bytes){ payload, 1000 }));
    expect(output, BYTES("\x81\x01"
                         "a"));
    fc_ws_output_free(&output);
}

static void masked_frames_are_masked(void **state)
{
    (void)state;
    struct fc_ws_output *output = NULL;
    const struct fc_ws_header header = {
        .fin = true,
        .opcode = FC_WS_OPCODE_TEXT,
        .masked = true,
        .mask = { 0x37, 0xfa, 0x21, 0x3d },
        .payload_bytes = 5,
    };
    assert_true(fc_ws_output_add(&output, &header, BYTES("Hello")));
    expect(output, BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
    fc_ws_output_free(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_wait_in_order_and_leave_nothing),
        cmocka_unit_test(a_pong_replaces_the_unsent_one),
        cmocka_unit_test(a_flood_of_pings_does_not_grow),
        cmocka_unit_test(sent_bytes_make_room),
        cmocka_unit_test(without_memory_nothing_is_queued),
        cmocka_unit_test(masked_frames_are_masked),
    };
    return cmocka_run_group_tests_name("ws/output", tests, NULL, NULL);
}
