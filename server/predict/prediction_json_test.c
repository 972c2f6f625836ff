/* SPDX-License-Identifier: MIT */
#include "predict/prediction_json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static int reallocs_left = -1; /* below 0: all succeed */

void *__wrap_realloc(void *memory, size_t size)
{
    if (reallocs_left == 0) {
        return NULL;
    }
    reallocs_left -= reallocs_left > 0;
    return __real_realloc(memory, size);
}

static void check_json(const struct prediction *prediction, const char *expected)
{
    size_t size = 0;
    char *text = prediction_json(prediction, "cam", "motion", &size);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(text));
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    json_decref(value);
    free(text);
}

static void whole_prediction_is_as_documented(void **state)
{
    (void)state;
    static struct prediction prediction = {
        .seq = 1204,
        .captured_at_us = INT64_C(1763688000123456),
        .latency_ns = 8400000,
        .width = 1280,
        .height = 720,
        .object_count = 2,
        .objects = {
            { .label = "moving", .score = 0.91f, .x = 0.12f, .y = 0.3f, .width = 0.08f,
              .height = 0.25f, .track = 7 },
            { .label = "still", .score = -1.0f, .x = 0.123449f, .y = 0.99996f, .width = 1.0f,
              .height = 0.0f },
        },
    };
    check_json(&prediction,
               "{\"type\":\"prediction\",\"stream\":\"cam\",\"seq\":1204,"
               "\"captured_at\":1763688000.123456,\"predictor\":\"motion\",\"latency_ms\":8.4,"
               "\"width\":1280,\"height\":720,\"objects\":["
               "{\"label\":\"moving\",\"score\":0.91,\"box\":[0.12,0.3,0.08,0.25],\"track\":7},"
               "{\"label\":\"still\",\"box\":[0.1234,1.0,1.0,0.0]}],\"data\":null}");
}

static void numbers_are_rounded_not_approximated(void **state)
{
    (void)state;
    static struct prediction prediction = {
        .seq = INT64_MAX,
        .captured_at_us = INT64_C(1763688000100000),
        .latency_ns = 9954999,
        .object_count = 1,
        .objects = { { .label = "x", .score = 0.0005f, .x = -0.5f, .y = 9.95f, .track = 1 } },
    };
    prediction.objects[0].width = NAN;
    prediction.objects[0].height = INFINITY;
    check_json(&prediction,
               "{\"type\":\"prediction\",\"stream\":\"cam\",\"seq\":9223372036854775807,"
               "\"captured_at\":1763688000.100000,\"predictor\":\"motion\",\"latency_ms\":9.95,"
               "\"width\":0,\"height\":0,\"objects\":["
               "{\"label\":\"x\",\"score\":0.001,\"box\":[-0.5,9.95,0.0,0.0],\"track\":1}],"
               "\"data\":null}");
}

static void check_member(struct prediction *prediction, const char *expected)
{
    size_t size = 0;
    char *text = prediction_json(prediction, "cam", "p", &size);
    assert_non_null(text);
    assert_int_equal(size, strlen(text));
    if (!strstr(text, expected)) {
        fail_msg("%s is not in %s", expected, text);
    }
    free(text);
}

static void labels_are_escaped_and_always_utf8(void **state)
{
    (void)state;
    static struct prediction prediction = { .object_count = 1 };
    const struct {
        const char *label, *expected;
    } rows[] = {
        { "", "\"label\":\"\"" },
        { "a \"b\" \\c", "\"label\":\"a \\\"b\\\" \\\\c\"" },
        { "line\n\x01", "\"label\":\"line\\n\\u0001\"" },
        { "f\xc3\xbc\x66", "\"label\":\"f\xc3\xbc\x66\"" },
        { "cut \xc3", "\"label\":\"cut ?\"" },
        { "\xff\xfe", "\"label\":\"?"
                      "?\"" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strcpy(prediction.objects[0].label, rows[i].label);
        check_member(&prediction, rows[i].expected);
    }
    memset(prediction.objects[0].label, '\x01', PREDICTION_LABEL_SIZE - 1);
    check_member(&prediction, "\\u0001\\u0001\"");
}

static void data_is_kept_to_the_digit_on_one_line(void **state)
{
    (void)state;
    static struct prediction prediction;
    const struct {
        char *data;
        const char *expected;
    } rows[] = {
        { (char[]){ "{\"seq\":7}" }, ",\"data\":{\"seq\":7}}" },
        { (char[]){ " {\n\t\"a b\" : [ 1.10 , 12345678901234567 ]\r\n} " },
          ",\"data\":{\"a b\":[1.10,12345678901234567]}}" },
        { (char[]){ "\"a \\\" b \\\\\"" }, ",\"data\":\"a \\\" b \\\\\"}" },
        { (char[]){ "true" }, ",\"data\":true}" },
        { (char[]){ "" }, ",\"data\":null}" },
        { (char[]){ "{\"open\":" }, ",\"data\":null}" },
        { (char[]){ "1}, \"seq\":{}" }, ",\"data\":null}" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        prediction.data = rows[i].data;
        check_member(&prediction, rows[i].expected);
    }
    prediction.data = NULL;
}

static void most_objects_with_the_longest_labels_fit(void **state)
{
    (void)state;
    static struct prediction prediction = { .object_count = PREDICTION_OBJECTS_MAX };
    for (size_t i = 0; i < PREDICTION_OBJECTS_MAX; i++) {
        memset(prediction.objects[i].label, 'l', PREDICTION_LABEL_SIZE - 1);
        prediction.objects[i].track = UINT32_MAX;
    }
    size_t size = 0;
    char *text = prediction_json(&prediction, "cam", "p", &size);
    json_t *value = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(value, "objects")), PREDICTION_OBJECTS_MAX);
    json_decref(value);
    free(text);
}

static void without_memory_there_is_nothing(void **state)
{
    (void)state;
    static struct prediction prediction = { .object_count = PREDICTION_OBJECTS_MAX };
    strcpy(prediction.objects[PREDICTION_OBJECTS_MAX - 1].label, "\"");
    size_t size = 7;
    int failures = 0;
    char *text = NULL;
    for (; !text; failures++) {
        assert_in_range(failures, 0, 32);
        reallocs_left = failures;
        text = prediction_json(&prediction, "cam", "p", &size);
        assert_true(text || size == 7);
    }
    reallocs_left = -1;
    assert_in_range(failures, 2, 32);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_prediction_is_as_documented),
        cmocka_unit_test(numbers_are_rounded_not_approximated),
        cmocka_unit_test(labels_are_escaped_and_always_utf8),
        cmocka_unit_test(data_is_kept_to_the_digit_on_one_line),
        cmocka_unit_test(most_objects_with_the_longest_labels_fit),
        cmocka_unit_test(without_memory_there_is_nothing),
    };
    return cmocka_run_group_tests_name("predict/prediction_json", tests, NULL, NULL);
}
