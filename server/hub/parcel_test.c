/* SPDX-License-Identifier: MIT */
#include "hub/parcel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/testing/alloc.h"
#include "net/message.h"

static struct fc_bytes bytes_of(const char *text)
{
    return (struct fc_bytes){ .data = (const uint8_t *)text, .size = strlen(text) };
}

static void check_bytes(struct fc_bytes bytes, const char *expected, size_t size)
{
    assert_int_equal(bytes.size, size);
    assert_memory_equal(bytes.data, expected, size);
}

static struct parcel *sample_picture(bool is_discontinuity)
{
    struct fc_body *body = fc_body_new(bytes_of("<jpeg>"));
    struct parcel *parcel = parcel_new_picture(&(struct parcel_picture){
        .seq = UINT64_C(0x0102030405060708),
        .captured_at_us = INT64_C(1763688000123456),
        .width = 1280,
        .height = 720,
        .stream_id = 0x0a0b,
        .is_discontinuity = is_discontinuity,
        .jpeg = body,
    });
    fc_body_unref(&body);
    return parcel;
}

static void picture_has_three_forms_of_one_body(void **state)
{
    (void)state;
    struct parcel *parcel = sample_picture(false);
    assert_non_null(parcel);
    check_bytes(parcel->body, "<jpeg>", 6);
    for (int i = 0; i < PARCEL_FORMS; i++) {
        assert_ptr_equal(message_body(parcel->forms[i]).data, parcel->body.data);
        assert_true(fc_message_tag(parcel->forms[i]) == UINT64_C(0x0102030405060708));
    }
    check_bytes(message_head(parcel->forms[PICTURE_FORM_WS]), "\x82\x06", 2);
    assert_int_equal(message_tail(parcel->forms[PICTURE_FORM_WS]).size, 0);
    assert_int_equal(parcel->forms[PICTURE_FORM_WS]->skipped_at, 0);

    struct parcel *again = parcel_ref(parcel);
    parcel_unref(&parcel);
    assert_null(parcel);
    parcel_unref(&parcel);
    assert_int_equal(again->refs, 1);
    parcel_unref(&again);
}

static void live_form_has_the_documented_header(void **state)
{
    (void)state;
    for (int is_discontinuity = 0; is_discontinuity < 2; is_discontinuity++) {
        struct parcel *parcel = sample_picture(is_discontinuity);
        struct fc_message *live = parcel->forms[PICTURE_FORM_LIVE];
        char expected[] = "\x82\x26" /* 38 bytes */
                          "\x01\x01\x0a\x0b\x01\x01\x00\x20"
                          "\x01\x02\x03\x04\x05\x06\x07\x08"
                          "\x00\x06\x44\x10\x9c\xbd\xf2\x40"
                          "\x00\x00\x05\x00\x02\xd0\x00\x00";
        expected[2 + 5] = (char)(is_discontinuity ? 3 : 1);
        check_bytes(message_head(live), expected, 2 + 32);
        assert_int_equal(live->skipped_at, 2 + 30);
        parcel_unref(&parcel);
    }
}

static void multipart_form_ends_with_the_boundary(void **state)
{
    (void)state;
    struct parcel *parcel = sample_picture(false);
    struct fc_message *part = parcel->forms[PICTURE_FORM_MULTIPART];
    const char *head = "Content-Type: image/jpeg\r\n"
                       "Content-Length: 6\r\n"
                       "X-Timestamp: 1763688000.123456\r\n"
                       "X-Frame-Seq: 72623859790382856\r\n\r\n";
    check_bytes(message_head(part), head, strlen(head));
    check_bytes(message_tail(part), "\r\n--framecast\r\n", 15);
    parcel_unref(&parcel);
}

static void prediction_has_three_forms_of_one_text(void **state)
{
    (void)state;
    static struct prediction prediction = {
        .seq = 7,
        .captured_at_us = 1500000,
        .latency_ns = 2000000,
        .width = 4,
        .height = 3,
    };
    struct parcel *parcel = parcel_new_prediction(PREDICTION_OWN, &prediction, "cam", "motion");
    assert_non_null(parcel);
    const char *json = "{\"type\":\"prediction\",\"stream\":\"cam\",\"seq\":7,"
                       "\"captured_at\":1.500000,\"predictor\":\"motion\",\"latency_ms\":2.0,"
                       "\"width\":4,\"height\":3,\"objects\":[],\"data\":null}";
    check_bytes(parcel->body, json, strlen(json));
    assert_int_equal(parcel->seq, 7);
    for (int i = 0; i < PARCEL_FORMS; i++) {
        assert_ptr_equal(message_body(parcel->forms[i]).data, parcel->body.data);
        assert_int_equal(fc_message_tag(parcel->forms[i]), 7);
    }
    check_bytes(message_head(parcel->forms[PREDICTION_FORM_WS]), "\x81\x7e\x00\x97", 4);
    check_bytes(message_head(parcel->forms[PREDICTION_FORM_EVENT]), "id: 7\ndata: ", 12);
    check_bytes(message_tail(parcel->forms[PREDICTION_FORM_EVENT]), "\n\n", 2);
    check_bytes(message_head(parcel->forms[PREDICTION_FORM_LINE]), "", 0);
    check_bytes(message_tail(parcel->forms[PREDICTION_FORM_LINE]), "\n", 1);
    parcel_unref(&parcel);
}

static void without_memory_there_is_no_parcel(void **state)
{
    (void)state;
    static struct prediction prediction;
    struct parcel *parcel = NULL;
    struct fc_body *body = fc_body_new(bytes_of("<jpeg>"));
    const struct parcel_picture picture = { .width = 1, .height = 1, .jpeg = body };
    for (int i = 0; !parcel; i++) {
        assert_in_range(i, 0, 4);
        alloc_fail_after = i;
        parcel = parcel_new_picture(&picture);
        alloc_fail_after = -1;
    }
    fc_body_unref(&body);
    parcel_unref(&parcel);
    for (int i = 0; !parcel; i++) {
        assert_in_range(i, 0, 6);
        alloc_fail_after = i;
        parcel = parcel_new_prediction(PREDICTION_OWN, &prediction, "cam", "motion");
        alloc_fail_after = -1;
    }
    parcel_unref(&parcel);
}

static void parcel_costs_few_allocations(void **state)
{
    (void)state;
    static struct prediction prediction = { .object_count = 8 };
    for (int i = 0; i < 8; i++) {
        strcpy(prediction.objects[i].label, "moving");
    }
    const unsigned before = alloc_count;
    struct parcel *parcel = parcel_new_prediction(PREDICTION_OWN, &prediction, "cam", "motion");
    assert_in_range(alloc_count - before, 6, 7); /* text, body, three messages, parcel */
    parcel_unref(&parcel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_has_three_forms_of_one_body),
        cmocka_unit_test(live_form_has_the_documented_header),
        cmocka_unit_test(multipart_form_ends_with_the_boundary),
        cmocka_unit_test(prediction_has_three_forms_of_one_text),
        cmocka_unit_test(without_memory_there_is_no_parcel),
        cmocka_unit_test(parcel_costs_few_allocations),
    };
    return cmocka_run_group_tests_name("hub/parcel", tests, NULL, NULL);
}
