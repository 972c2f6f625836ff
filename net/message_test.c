/* SPDX-License-Identifier: MIT */
#include "net/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) ((struct fc_bytes){ .data = (const uint8_t *)(text), .size = strlen(text) })

static void count_release(void *owner)
{
    (*(int *)owner)++;
}

static void body_copies_its_bytes(void **state)
{
    (void)state;
    char text[] = "picture";
    struct fc_body *body = fc_body_new(BYTES(text));
    assert_non_null(body);
    text[0] = 'X';
    assert_int_equal(fc_body_bytes(body).size, 7);
    assert_memory_equal(fc_body_bytes(body).data, "picture", 7);
    fc_body_unref(&body);
    assert_null(body);
    fc_body_unref(&body);

    body = fc_body_new((struct fc_bytes){ 0 });
    assert_non_null(body);
    assert_int_equal(fc_body_bytes(body).size, 0);
    fc_body_unref(&body);
}

static void body_is_released_once_by_the_last_message(void **state)
{
    (void)state;
    int releases = 0;
    struct fc_bytes bytes = BYTES("jpeg");
    struct fc_body *body = fc_body_wrap(bytes, count_release, &releases);
    assert_non_null(body);

    struct fc_message *one =
        fc_message_new(&(struct fc_message_options){ .ws_kind = FC_WS_BINARY, .body = body });
    struct fc_message *two = fc_message_new(&(struct fc_message_options){ .body = body });
    assert_ptr_equal(message_body(one).data, bytes.data);
    assert_ptr_equal(message_body(two).data, bytes.data);

    fc_body_unref(&body);
    struct fc_message *again = fc_message_ref(one);
    fc_message_unref(&one);
    fc_message_unref(&two);
    assert_null(two);
    assert_int_equal(releases, 0);
    fc_message_unref(&again);
    assert_int_equal(releases, 1);
    fc_message_unref(&again);
    assert_int_equal(releases, 1);
}

static void ws_header_has_the_right_size_and_length(void **state)
{
    (void)state;
    const struct {
        size_t payload, header;
        uint8_t wire[10];
    } rows[] = {
        { 0, 2, { 0x82, 0 } },
        { 125, 2, { 0x82, 125 } },
        { 126, 4, { 0x82, 126, 0, 126 } },
        { 65535, 4, { 0x82, 126, 0xff, 0xff } },
        { 65536, 10, { 0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t *payload = calloc(1, rows[i].payload + 1);
        struct fc_body *body =
            fc_body_new((struct fc_bytes){ .data = payload, .size = rows[i].payload });
        struct fc_message *message =
            fc_message_new(&(struct fc_message_options){ .ws_kind = FC_WS_BINARY, .body = body });
        assert_non_null(message);
        assert_int_equal(message_head(message).size, rows[i].header);
        assert_memory_equal(message_head(message).data, rows[i].wire, rows[i].header);
        assert_int_equal(message_tail(message).size, 0);
        assert_int_equal(fc_message_size(message), rows[i].header + rows[i].payload);
        fc_message_unref(&message);
        fc_body_unref(&body);
        free(payload);
    }
}

static void ws_payload_is_head_body_and_tail_together(void **state)
{
    (void)state;
    struct fc_body *body = fc_body_new(BYTES("body"));
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .ws_kind = FC_WS_TEXT,
        .head = BYTES("<head>"),
        .body = body,
        .tail = BYTES("<tail>"),
        .tag = UINT64_C(0x123456789abcdef0),
        .skipped_at = 3,
    });
    fc_body_unref(&body);
    assert_non_null(message);
    assert_int_equal(message_head(message).size, 2 + 6);
    assert_memory_equal(message_head(message).data, "\x81\x10<head>", 8);
    assert_memory_equal(message_body(message).data, "body", 4);
    assert_int_equal(message_tail(message).size, 6);
    assert_memory_equal(message_tail(message).data, "<tail>", 6);
    assert_int_equal(message->skipped_at, 2 + 3);
    assert_true(fc_message_tag(message) == UINT64_C(0x123456789abcdef0));
    assert_int_equal(fc_message_size(message), 2 + 16);
    fc_message_unref(&message);
}

static void without_a_kind_there_is_no_ws_header(void **state)
{
    (void)state;
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .head = BYTES("Content-Type: image/jpeg\r\n\r\n"),
        .tail = BYTES("\r\n--framecast\r\n"),
    });
    assert_non_null(message);
    assert_int_equal(message_head(message).size, 28);
    assert_int_equal(message_head(message).data[0], 'C');
    assert_int_equal(message_body(message).size, 0);
    assert_int_equal(message_tail(message).size, 15);
    assert_int_equal(message->skipped_at, 0);
    assert_int_equal(fc_message_tag(message), 0);
    fc_message_unref(&message);
}

static void largest_parts_fit(void **state)
{
    (void)state;
    static const uint8_t zeroes[FC_MESSAGE_HEAD_MAX];
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .ws_kind = FC_WS_BINARY,
        .head = { .data = zeroes, .size = FC_MESSAGE_HEAD_MAX },
        .tail = { .data = zeroes, .size = FC_MESSAGE_TAIL_MAX },
        .skipped_at = FC_MESSAGE_HEAD_MAX - 2,
    });
    assert_non_null(message);
    assert_int_equal(message_head(message).size, 4 + FC_MESSAGE_HEAD_MAX);
    assert_int_equal(message->skipped_at + 2, message->head_size);
    fc_message_unref(&message);
}

static void ws_message_from_a_payload_of_any_size(void **state)
{
    (void)state;
    const size_t sizes[] = {
        0, 1, FC_MESSAGE_HEAD_MAX - 1, FC_MESSAGE_HEAD_MAX, FC_MESSAGE_HEAD_MAX + 1, 70000
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *payload = malloc(sizes[i] + 1);
        memset(payload, 'p', sizes[i] + 1);
        struct fc_message *message =
            fc_message_new_ws(FC_WS_TEXT, (struct fc_bytes){ .data = payload, .size = sizes[i] });
        free(payload);
        assert_non_null(message);
        const size_t header = sizes[i] <= 125 ? 2 : sizes[i] <= 65535 ? 4 : 10;
        assert_int_equal(fc_message_size(message), header + sizes[i]);
        assert_int_equal(message_head(message).data[0], 0x81);
        if (sizes[i] > 0) {
            struct fc_bytes last = message->body ? message_body(message) : message_head(message);
            assert_int_equal(last.data[last.size - 1], 'p');
        }
        fc_message_unref(&message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_copies_its_bytes),
        cmocka_unit_test(body_is_released_once_by_the_last_message),
        cmocka_unit_test(ws_header_has_the_right_size_and_length),
        cmocka_unit_test(ws_payload_is_head_body_and_tail_together),
        cmocka_unit_test(without_a_kind_there_is_no_ws_header),
        cmocka_unit_test(largest_parts_fit),
        cmocka_unit_test(ws_message_from_a_payload_of_any_size),
    };
    return cmocka_run_group_tests_name("net/message", tests, NULL, NULL);
}
