/* SPDX-License-Identifier: MIT */
#include "cli/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    char name[STREAM_NAME_MAX + 1] = "before";
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
        cmocka_unit_test(texts_are_understood),
        cmocka_unit_test(texts_from_outside_are_bounded),
        cmocka_unit_test(subscriptions_say_what_was_asked_for),
        cmocka_unit_test(first_stream_is_found),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
