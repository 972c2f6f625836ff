/* SPDX-License-Identifier: MIT */
#include "serve/live_request.h"

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

static void members_that_are_absent_stay_as_they_were(void **state)
{
    (void)state;
    char why[160] = "";
    struct live_request request = {
        .key = { .width = 320, .fps_milli = 5000, .quality = 60 },
        .wants_predictions = true,
        .window = 3,
    };
    assert_null(live_request_parse(
        bytes("{\"type\":\"update\",\"stream\":\"cam\",\"width\":null,\"fps\":7.5,"
              "\"pictures\":true,\"codec\":\"jpeg\",\"of later versions\":[1]}"),
        &request, why, sizeof(why)));
    assert_int_equal(request.type, LIVE_UPDATE);
    assert_string_equal(request.stream, "cam");
    assert_int_equal(request.key.width, 0);
    assert_int_equal(request.key.fps_milli, 7500);
    assert_int_equal(request.key.quality, 60);
    assert_true(request.wants_pictures && request.wants_predictions);
    assert_int_equal(request.window, 3);
}

static void target_is_type_and_stream_alone(void **state)
{
    (void)state;
    char why[160] = "";
    struct live_request request = { .window = 3 };
    assert_null(live_request_target(
        bytes("{\"type\":\"subscribe\",\"stream\":\"cam\",\"window\":\"wrong\"}"), &request, why,
        sizeof(why)));
    assert_int_equal(request.type, LIVE_SUBSCRIBE);
    assert_string_equal(request.stream, "cam");
    assert_int_equal(request.window, 3);
}

static void acknowledgements_carry_a_number(void **state)
{
    (void)state;
    char why[160] = "";
    struct live_request request = { 0 };
    assert_null(
        live_request_parse(bytes("{\"type\":\"ack\",\"stream\":\"cam\",\"seq\":9007199254740993}"),
                           &request, why, sizeof(why)));
    assert_int_equal(request.type, LIVE_ACK);
    assert_int_equal(request.seq, 9007199254740993);
}

static void the_first_mistake_is_named(void **state)
{
    static const struct {
        const char *text, *code, *why;
    } rows[] = {
        { "", "bad_json", "one JSON object" },
        { "[]", "bad_json", "one JSON object" },
        { "{\"type\":\"ack\",\"type\":\"ack\"}", "bad_json", "one JSON object" },
        { "{}", "unknown_type", "type must be subscribe" },
        { "{\"type\":7}", "unknown_type", "type must be" },
        { "{\"type\":\"else\"}", "unknown_type", "type must be" },
        { "{\"type\":\"pause\"}", "bad_member", "stream must be" },
        { "{\"type\":\"pause\",\"stream\":1}", "bad_member", "stream must be" },
        { "{\"type\":\"ack\",\"stream\":\"a\"}", "bad_member", "seq is missing" },
        { "{\"type\":\"ack\",\"stream\":\"a\",\"seq\":-1}", "bad_member",
          "seq must be a whole number from 0 to 9223372036854775807" },
        { "{\"type\":\"ack\",\"stream\":\"a\",\"seq\":1.0}", "bad_member", "seq must be" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"codec\":\"h264\"}", "bad_member", "codec" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"pictures\":1}", "bad_member",
          "pictures must be true or false" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"predictions\":null}", "bad_member",
          "predictions must be" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"width\":15}", "bad_member",
          "width must be a number from 16" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"fps\":\"7\"}", "bad_member", "fps must be" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"quality\":101,\"window\":65}", "bad_member",
          "quality must be a number from 1 to 100" },
        { "{\"type\":\"update\",\"stream\":\"a\",\"window\":65}", "bad_member",
          "window must be a whole number from 0 to 64" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[160] = "";
        struct live_request request = { 0 };
        const char *code = live_request_parse(bytes(rows[i].text), &request, why, sizeof(why));
        assert_non_null(code);
        assert_string_equal(code, rows[i].code);
        assert_non_null(strstr(why, rows[i].why));
    }
}

static void names_of_streams_are_bounded(void **state)
{
    (void)state;
    for (size_t len = STREAM_NAME_MAX - 1; len <= STREAM_NAME_MAX + 1; len++) {
        char text[STREAM_NAME_MAX + 64] = "{\"type\":\"pause\",\"stream\":\"";
        char why[160] = "";
        const size_t at = strlen(text);
        memset(text + at, 'n', len);
        memcpy(text + at + len, "\"}", sizeof("\"}"));
        struct live_request request = { 0 };
        const char *code = live_request_parse(bytes(text), &request, why, sizeof(why));
        assert_int_equal(code == NULL, len <= STREAM_NAME_MAX);
        assert_int_equal(strlen(request.stream), len <= STREAM_NAME_MAX ? len : 0);
    }
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"type\":\"subscribe\",\"stream\":\"cam\",\"fps\":2}";
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* lets a sanitizer see an over-read */
        assert_non_null(exact);
        memcpy(exact, text, len);
        char why[160] = "";
        struct live_request request = { 0 };
        const struct fc_bytes prefix = { exact, len };
        assert_string_equal(live_request_parse(prefix, &request, why, sizeof(why)), "bad_json");
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_are_absent_stay_as_they_were),
        cmocka_unit_test(target_is_type_and_stream_alone),
        cmocka_unit_test(acknowledgements_carry_a_number),
        cmocka_unit_test(the_first_mistake_is_named),
        cmocka_unit_test(names_of_streams_are_bounded),
        cmocka_unit_test(every_prefix_is_refused),
    };
    return cmocka_run_group_tests_name("serve/live_request", tests, NULL, NULL);
}
