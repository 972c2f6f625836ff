/* SPDX-License-Identifier: MIT */
#include "cli/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t wire[] = {
    1,    1,    0x01, 0x02, 1,    3,    0,    32,   /* version to header size */
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* sequence number */
    0x00, 0x05, 0xf8, 0x2b, 0x12, 0x34, 0x56, 0x78, /* capture time */
    0x00, 0x00, 0x05, 0x00, 0x02, 0xd0, 0xff, 0xff, /* width, height, left out */
    0xff, 0xd8, 0xff, 0xd9,                         /* the picture */
};

static void header_is_decoded(void **state)
{
    struct live_picture picture;
    (void)state;
    assert_null(live_picture_decode((struct fc_bytes){ wire, sizeof(wire) }, &picture));
    assert_int_equal(picture.stream_id, 0x0102);
    assert_int_equal(picture.codec, LIVE_JPEG);
    assert_true(picture.is_key && picture.is_discontinuity);
    assert_int_equal(picture.seq, 0x0102030405060708);
    assert_int_equal(picture.captured_at_us, 0x0005f82b12345678);
    assert_int_equal(picture.width, 1280);
    assert_int_equal(picture.height, 720);
    assert_int_equal(picture.left_out, 65535);
    assert_ptr_equal(picture.payload.data, wire + LIVE_HEADER_BYTES);
    assert_int_equal(picture.payload.size, 4);
}

static void every_prefix_of_a_header_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof(wire); len++) {
        uint8_t *exact = malloc(len ? len : 1); /* lets a sanitizer see an over-read */
        assert_non_null(exact);
        memcpy(exact, wire, len);
        struct live_picture picture = { .seq = 42 };
        const char *reason = live_picture_decode((struct fc_bytes){ exact, len }, &picture);
        assert_int_equal(reason == NULL, len >= LIVE_HEADER_BYTES);
        assert_int_equal(picture.seq == 42, len < LIVE_HEADER_BYTES);
        free(exact);
    }
}

static void other_headers(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        bool is_right;
        size_t payload;
    } rows[] = {
        { 0, 0, false, 0 },  { 0, 2, false, 0 }, { 1, 0, false, 0 },  { 1, 2, false, 0 },
        { 7, 31, false, 0 }, { 7, 33, true, 3 }, { 7, 36, true, 0 },  { 7, 37, false, 0 },
        { 6, 1, false, 0 },  { 4, 2, true, 4 },  { 4, 255, true, 4 }, { 5, 255, true, 4 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t changed[sizeof(wire)];
        struct live_picture picture;
        memcpy(changed, wire, sizeof(wire));
        changed[rows[i].at] = rows[i].value;
        const char *reason =
            live_picture_decode((struct fc_bytes){ changed, sizeof(changed) }, &picture);
        assert_int_equal(reason == NULL, rows[i].is_right);
        if (rows[i].is_right) {
            assert_int_equal(picture.payload.size, rows[i].payload);
        }
    }
}

static struct fc_bytes bytes(const char *text)
{
    return (struct fc_bytes){ (const uint8_t *)text, strlen(text) };
}

static void texts_are_understood(void **state)
{
    struct live_text text;
    (void)state;
    assert_true(
        live_text_parse(bytes("{\"type\":\"stream\",\"id\":65535,\"name\":\"door\"}"), &text));
    assert_int_equal(text.type, LIVE_STREAM);
    assert_int_equal(text.stream_id, 65535);
    assert_string_equal(text.stream, "door");

    assert_true(live_text_parse(bytes("{\"type\":\"error\",\"code\":4000,\"message\":\"no\","
                                      "\"stream\":\"x\"}"),
                                &text));
    assert_int_equal(text.type, LIVE_ERROR);
    assert_true(text.is_no_stream);
    assert_string_equal(text.message, "no");
    assert_string_equal(text.stream, "x");

    assert_true(live_text_parse(bytes("{\"type\":\"prediction\",\"captured_at\":1.5}"), &text));
    assert_int_equal(text.type, LIVE_PREDICTION);
    assert_true(live_text_parse(bytes("{\"type\":\"else\",\"code\":\"text\"}"), &text));
    assert_int_equal(text.type, LIVE_OTHER);
    assert_false(text.is_no_stream);
    assert_true(live_text_parse(bytes("{\"type\":\"error\",\"code\":\"no_such_stream\"}"), &text));
    assert_true(text.is_no_stream);
}

static void texts_from_outside_are_bounded(void **state)
{
    static const char *const wrong[] = { "",     "{",  "[]",           "7",
                                         "null", "{}", "{\"type\":1}", "{\"a\":1}x" };
    struct live_text text = { .stream_id = 42 };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(live_text_parse(bytes(wrong[i]), &text));
        assert_int_equal(text.stream_id, 42);
    }
    /* Names that could be a path, ids out of range, and a long message. */
    assert_true(
        live_text_parse(bytes("{\"type\":\"stream\",\"id\":65536,\"name\":\"../x\"}"), &text));
    assert_int_equal(text.stream_id, 0);
    assert_string_equal(text.stream, "");
    assert_true(
        live_text_parse(bytes("{\"type\":\"stream\",\"id\":-1,\"name\":\"a\\u0062\"}"), &text));
    assert_int_equal(text.stream_id, 0);
    assert_string_equal(text.stream, "ab");
    for (size_t len = LIVE_TEXT_SIZE - 2; len <= LIVE_TEXT_SIZE; len++) {
        char json[LIVE_TEXT_SIZE + 64] = "{\"type\":\"error\",\"message\":\"";
        const size_t at = strlen(json);
        memset(json + at, 'm', len);
        memcpy(json + at + len, "\"}", sizeof("\"}"));
        assert_true(live_text_parse(bytes(json), &text));
        assert_int_equal(strlen(text.message), len < LIVE_TEXT_SIZE ? len : LIVE_TEXT_SIZE - 1);
    }
}

static void subscriptions_say_what_was_asked_for(void **state)
{
    (void)state;
    char *text = live_subscribe_text(&(struct live_subscription){ .stream = "cam",
                                                                  .wants_pictures = true,
                                                                  .wants_predictions = true,
                                                                  .fps = 7.5,
                                                                  .width = 640,
                                                                  .quality = 60,
                                                                  .window = 2 });
    assert_string_equal(text, "{\"type\":\"subscribe\",\"stream\":\"cam\",\"pictures\":true,"
                              "\"predictions\":true,\"codec\":\"jpeg\",\"fps\":7.5,\"width\":640,"
                              "\"quality\":60,\"window\":2}");
    free(text);
    text = live_subscribe_text(
        &(struct live_subscription){ .stream = "a", .wants_predictions = true });
    assert_string_equal(text, "{\"type\":\"subscribe\",\"stream\":\"a\",\"pictures\":false,"
                              "\"predictions\":true}");
    free(text);
    text = live_ack_text("cam", 9007199254740993);
    assert_string_equal(text, "{\"type\":\"ack\",\"stream\":\"cam\",\"seq\":9007199254740993}");
    free(text);
}

static void first_stream_is_found(void **state)
{
    static const char *const wrong[] = {
        "", "[]", "{}", "[{}]", "[{\"name\":7}]", "[{\"name\":\"a/b\"}]"
    };
    char name[STREAM_NAME_MAX_CHARS + 1] = "before";
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(live_first_stream(bytes(wrong[i]), name));
        assert_string_equal(name, "before");
    }
    assert_true(live_first_stream(bytes("[{\"name\":\"door\"},{\"name\":\"cam\"}]"), name));
    assert_string_equal(name, "door");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_decoded),
        cmocka_unit_test(every_prefix_of_a_header_is_refused),
        cmocka_unit_test(other_headers),
        cmocka_unit_test(texts_are_understood),
        cmocka_unit_test(texts_from_outside_are_bounded),
        cmocka_unit_test(subscriptions_say_what_was_asked_for),
        cmocka_unit_test(first_stream_is_found),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
