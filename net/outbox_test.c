/* SPDX-License-Identifier: MIT */
#include "net/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/message.h"

#define IOV_MAX_TEST OUTBOX_IOV_MAX

struct started {
    uint32_t count, last_slot;
    uint64_t last_tag;
};

static void on_started(void *ctx, uint32_t slot, const struct fc_message *message)
{
    struct started *started = ctx;
    started->count++;
    started->last_slot = slot;
    started->last_tag = fc_message_tag(message);
}

static struct fc_message *make(const char *head, const char *body, const char *tail, uint64_t tag,
                               int skipped_at)
{
    struct fc_body *shared = fc_body_new((struct fc_bytes){ (const uint8_t *)body, strlen(body) });
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .head = { (const uint8_t *)head, strlen(head) },
        .body = shared,
        .tail = { (const uint8_t *)tail, strlen(tail) },
        .tag = tag,
        .skipped_at = skipped_at,
    });
    fc_body_unref(&shared);
    assert_non_null(message);
    return message;
}

static void push(struct outbox *outbox, const char *text)
{
    struct fc_message *message = make("", text, "", 0, 0);
    assert_true(outbox_push(outbox, message));
    fc_message_unref(&message);
}

static void put(struct outbox *outbox, uint32_t slot, const char *text, uint64_t tag)
{
    struct fc_message *message = make("<", text, ">", tag, 0);
    assert_true(outbox_put(outbox, slot, message));
    fc_message_unref(&message);
}

/* Take up to max bytes out, in one write, and append them to text. */
static size_t take(struct outbox *outbox, bool may_begin, size_t max, char *text,
                   struct started *started)
{
    struct iovec iov[IOV_MAX_TEST];
    const int count = outbox_gather(outbox, may_begin, iov, IOV_MAX_TEST);
    size_t size = 0;
    size_t at = strlen(text);
    for (int i = 0; i < count && size < max; i++) {
        const size_t step = iov[i].iov_len < max - size ? iov[i].iov_len : max - size;
        memcpy(text + at, iov[i].iov_base, step);
        at += step;
        size += step;
    }
    text[at] = '\0';
    outbox_advance(outbox, size, on_started, started);
    return size;
}

static void take_all(struct outbox *outbox, size_t step, char *text, struct started *started)
{
    while (take(outbox, true, step, text, started) > 0) {
    }
}

static void reliable_messages_leave_in_order_however_the_writes_are_cut(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 16; step++) {
        struct outbox outbox;
        struct started started = { 0 };
        char text[64] = "";
        outbox_init(&outbox);
        push(&outbox, "abc");
        push(&outbox, "de");
        put(&outbox, 0, "picture", 1);
        push(&outbox, "fgh");
        assert_int_equal(outbox.queued_bytes, 8);
        take_all(&outbox, step, text, &started);
        assert_string_equal(text, "abcdefgh<picture>");
        assert_int_equal(started.count, 1);
        assert_int_equal(outbox.queued_bytes, 0);
        assert_false(outbox_has_due(&outbox));
        outbox_fini(&outbox);
    }
}

static void a_newer_picture_replaces_one_that_has_not_begun(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    char text[64] = "";
    outbox_init(&outbox);
    put(&outbox, 3, "one", 1);
    put(&outbox, 3, "two", 2);
    assert_int_equal(outbox_dropped(&outbox), 1);
    assert_int_equal(take(&outbox, true, 2, text, &started), 2);
    assert_int_equal(started.last_slot, 3);
    assert_int_equal(started.last_tag, 2);
    put(&outbox, 3, "three", 3); /* "two" has begun: it is finished first */
    push(&outbox, "text");
    take_all(&outbox, 100, text, &started);
    assert_string_equal(text, "<two>text<three>");
    assert_int_equal(outbox_dropped(&outbox), 1);
    outbox_fini(&outbox);
}

static void nothing_of_a_slot_begins_while_the_gate_is_shut_or_the_slot_is_held(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    char text[64] = "";
    outbox_init(&outbox);
    put(&outbox, 0, "a", 1);
    assert_int_equal(take(&outbox, false, 100, text, &started), 0);
    outbox_hold(&outbox, 0, true);
    assert_false(outbox_has_ready_slot(&outbox));
    assert_true(outbox_has_held_message(&outbox));
    assert_int_equal(take(&outbox, true, 100, text, &started), 0);
    outbox_hold(&outbox, 0, false);
    assert_int_equal(take(&outbox, true, 100, text, &started), 3);
    assert_string_equal(text, "<a>");
    outbox_fini(&outbox);
}

static void slots_take_turns(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    char text[64] = "";
    outbox_init(&outbox);
    put(&outbox, 0, "a", 1);
    put(&outbox, 2, "c", 1);
    put(&outbox, 1, "b", 1);
    take(&outbox, true, 100, text, &started);
    put(&outbox, 0, "A", 2); /* the first is ready again, but the others come before it */
    take_all(&outbox, 100, text, &started);
    assert_string_equal(text, "<a><b><c><A>");
    outbox_fini(&outbox);
}

static void each_receiver_is_told_how_many_it_did_not_get(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 8; step++) {
        struct outbox outbox;
        struct started started = { 0 };
        char text[64] = "";
        outbox_init(&outbox);
        struct fc_message *message = make("h--!", "x", "", 7, 1);
        for (int i = 0; i < 259; i++) {
            assert_true(outbox_put(&outbox, 0, message));
        }
        struct iovec iov[IOV_MAX_TEST];
        size_t at = 0;
        while (outbox_gather(&outbox, true, iov, IOV_MAX_TEST) > 0) {
            const size_t size = iov[0].iov_len < step ? iov[0].iov_len : step;
            memcpy(text + at, iov[0].iov_base, size);
            at += size;
            outbox_advance(&outbox, size, on_started, &started);
        }
        assert_memory_equal(text, "h\x01\x02!x", 5); /* 258 */
        fc_message_unref(&message);
        outbox_fini(&outbox);
    }
}

static void a_control_frame_goes_before_the_queue_but_not_into_a_message(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    char text[64] = "";
    outbox_init(&outbox);
    push(&outbox, "first");
    push(&outbox, "second");
    take(&outbox, true, 2, text, &started);
    struct fc_message *pong = make("", "PONG", "", 0, 0);
    assert_true(outbox_push_front(&outbox, pong));
    fc_message_unref(&pong);
    take_all(&outbox, 3, text, &started);
    assert_string_equal(text, "firstPONGsecond");
    outbox_fini(&outbox);
}

static void clearing_leaves_what_has_begun(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    char text[64] = "";
    outbox_init(&outbox);
    push(&outbox, "begun");
    push(&outbox, "queued");
    put(&outbox, 0, "slot", 1);
    take(&outbox, false, 1, text, &started);
    outbox_clear_queue(&outbox);
    outbox_clear_slots(&outbox);
    take_all(&outbox, 100, text, &started);
    assert_string_equal(text, "begun");
    assert_int_equal(started.count, 0);
    outbox_fini(&outbox);
}

static void more_messages_than_one_write_carries_all_leave(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    static char text[4096];
    static char expected[4096];
    text[0] = expected[0] = '\0';
    outbox_init(&outbox);
    for (int i = 0; i < 300; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d,", i);
        push(&outbox, number);
        strcat(expected, number);
    }
    take_all(&outbox, 7, text, &started);
    assert_string_equal(text, expected);
    outbox_fini(&outbox);
}

static void an_idle_outbox_owns_no_memory(void **state)
{
    (void)state;
    struct outbox outbox;
    struct started started = { 0 };
    char text[64] = "";
    outbox_init(&outbox);
    push(&outbox, "x");
    take_all(&outbox, 100, text, &started);
    assert_true(outbox.queue.capacity <= 4);
    assert_null(outbox.slots);
    assert_null(outbox.current);
    outbox_fini(&outbox);
}

static void messages_leave_together_until_they_are_a_megabyte(void **state)
{
    (void)state;
    enum { SIZE = 1000 * 1000 };
    static char body[SIZE + 1];
    struct iovec iov[IOV_MAX_TEST];
    struct started started = { 0 };
    struct outbox outbox;
    memset(body, 'x', SIZE);
    outbox_init(&outbox);
    for (int i = 0; i < 2; i++) {
        push(&outbox, body);
        push(&outbox, "small");
    }
    assert_int_equal(outbox_gather(&outbox, true, iov, IOV_MAX_TEST), 1);
    outbox_advance(&outbox, SIZE, on_started, &started);
    assert_int_equal(outbox_gather(&outbox, true, iov, IOV_MAX_TEST),
                     2); /* "small", and the other */
    assert_int_equal(iov[0].iov_len, 5);
    outbox_advance(&outbox, 5 + SIZE - 1, on_started, &started);
    put(&outbox, 0, "picture", 1);
    assert_int_equal(outbox_gather(&outbox, true, iov, IOV_MAX_TEST), 2 + 3);
    outbox_fini(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reliable_messages_leave_in_order_however_the_writes_are_cut),
        cmocka_unit_test(a_newer_picture_replaces_one_that_has_not_begun),
        cmocka_unit_test(nothing_of_a_slot_begins_while_the_gate_is_shut_or_the_slot_is_held),
        cmocka_unit_test(slots_take_turns),
        cmocka_unit_test(each_receiver_is_told_how_many_it_did_not_get),
        cmocka_unit_test(a_control_frame_goes_before_the_queue_but_not_into_a_message),
        cmocka_unit_test(clearing_leaves_what_has_begun),
        cmocka_unit_test(more_messages_than_one_write_carries_all_leave),
        cmocka_unit_test(an_idle_outbox_owns_no_memory),
        cmocka_unit_test(messages_leave_together_until_they_are_a_megabyte),
    };
    return cmocka_run_group_tests_name("net/outbox", tests, NULL, NULL);
}
