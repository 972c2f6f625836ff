/* SPDX-License-Identifier: MIT */
#include "engine/ws/message.h"

#include "engine/testing/alloc.h"
#include "engine/testing/test.h"

static void buffers_grow_by_doubling(void **state)
{
    (void)state;
    struct fc_ws_buffer *buffer = NULL;
    assert_true(fc_ws_buffer_reserve(&buffer, 10));
    assert_int_equal(buffer->capacity, 10); /* the first is exact */
    fc_ws_buffer_append(buffer, BYTES("0123456789"));
    assert_true(fc_ws_buffer_reserve(&buffer, 1));
    assert_int_equal(buffer->capacity, 20);
    assert_true(fc_ws_buffer_reserve(&buffer, 100));
    assert_int_equal(buffer->capacity, 110);
    assert_memory_equal(buffer->data, "0123456789", 10);
    alloc_fail_at(1);
    assert_false(fc_ws_buffer_reserve(&buffer, 1000));
    assert_int_equal(buffer->capacity, 110);
    assert_false(fc_ws_buffer_reserve(&buffer, INT64_MAX));
    fc_ws_buffer_free(&buffer);
    assert_int_equal(alloc_live(), 0);
}

static void limits_hold_to_the_unit(void **state)
{
    (void)state;
    const struct fc_ws_message_limits limits = { .bytes_max = 100, .fragments_max = 2 };
    for (uint64_t size = 99; size <= 101; size++) {
        struct fc_ws_message message = { 0 };
        const struct fc_ws_header header = { .opcode = 2, .fin = true, .payload_bytes = size };
        const char *reason = NULL;
        assert_int_equal(fc_ws_message_begin(&message, &header, &limits, &reason),
                         size > 100 ? 1009 : 0);
    }
    struct fc_ws_message message = { 0 };
    struct fc_ws_header header = { .opcode = 1 };
    const char *reason = NULL;
    assert_int_equal(fc_ws_message_begin(&message, &header, &limits, &reason), 0);
    assert_int_equal(fc_ws_message_begin(&message, &header, &limits, &reason), 1002);
    header.opcode = FC_WS_OPCODE_CONTINUATION;
    assert_int_equal(fc_ws_message_begin(&message, &header, &limits, &reason), 0);
    assert_int_equal(fc_ws_message_begin(&message, &header, &limits, &reason), 1008);
    assert_null(fc_ws_message_take(&message));
    assert_int_equal(fc_ws_message_begin(&message, &header, &limits, &reason), 1002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_grow_by_doubling),
        cmocka_unit_test(limits_hold_to_the_unit),
    };
    return cmocka_run_group_tests_name("ws/message", tests, NULL, NULL);
}
