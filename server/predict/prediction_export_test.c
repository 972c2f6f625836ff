/* SPDX-License-Identifier: MIT */
#include "predict/prediction_export.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "predict/coco_category.h"

static struct prediction prediction_of(const struct prediction_object *objects, size_t count)
{
    static char data[] = "{\"left\":\"out\"}";
    struct prediction prediction = {
        .seq = 1204,
        .captured_at_us = INT64_C(1763688000123456),
        .width = 640,
        .height = 480,
        .object_count = count,
        .data = data,
    };
    memcpy(prediction.objects, objects, count * sizeof(objects[0]));
    return prediction;
}

static void check(enum prediction_format format, const struct prediction *prediction,
                  const char *expected)
{
    size_t size = 0;
    char *text = prediction_export(format, prediction, "cam", "faces", &size);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(text));
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    json_decref(value);
    free(text);
}

static const struct prediction_object pair[] = {
    { .label = "person",
      .score = 0.914f,
      .x = 0.1f,
      .y = 0.25f,
      .width = 0.2f,
      .height = 0.5f,
      .track = 7 },
    { .label = "a \"b\"", .score = -1.0f, .x = 0.9f, .y = -0.1f, .width = 0.3f, .height = 0.2f },
};

static void coco_is_as_documented(void **state)
{
    (void)state;
    const struct prediction prediction = prediction_of(pair, 2);
    char expected[1024];
    snprintf(expected, sizeof(expected),
             "{\"info\":{\"description\":\"cam\",\"contributor\":\"faces\"},"
             "\"images\":[{\"id\":1204,\"width\":640,\"height\":480,\"file_name\":\"cam-1204.jpg\","
             "\"date_captured\":\"2025-11-21T01:20:00.123456+00:00\"}],"
             "\"annotations\":[{\"id\":308224,\"image_id\":1204,\"category_id\":1,"
             "\"bbox\":[64.0,120.0,128.0,240.0],\"area\":30720.0,\"iscrowd\":0,\"score\":0.914,"
             "\"track_id\":7},{\"id\":308225,\"image_id\":1204,\"category_id\":%u,"
             "\"bbox\":[576.0,0.0,64.0,48.0],\"area\":3072.0,\"iscrowd\":0}],"
             "\"categories\":[{\"id\":1,\"name\":\"person\"},"
             "{\"id\":%u,\"name\":\"a \\\"b\\\"\"}]}",
             coco_category_id("a \"b\""), coco_category_id("a \"b\""));
    check(PREDICTION_COCO, &prediction, expected);
}

static void voc_is_as_documented(void **state)
{
    (void)state;
    const struct prediction prediction = prediction_of(pair, 2);
    check(PREDICTION_VOC, &prediction,
          "{\"annotation\":{\"folder\":\"cam\",\"filename\":\"cam-1204.jpg\","
          "\"source\":{\"database\":\"framecast\",\"annotation\":\"faces\",\"seq\":1204,"
          "\"captured_at\":\"2025-11-21T01:20:00.123456+00:00\"},"
          "\"size\":{\"width\":640,\"height\":480,\"depth\":3},\"segmented\":0,\"object\":["
          "{\"name\":\"person\",\"pose\":\"Unspecified\",\"truncated\":0,\"difficult\":0,"
          "\"score\":0.914,\"track\":7,"
          "\"bndbox\":{\"xmin\":65,\"ymin\":121,\"xmax\":192,\"ymax\":360}},"
          "{\"name\":\"a \\\"b\\\"\",\"pose\":\"Unspecified\",\"truncated\":1,\"difficult\":0,"
          "\"bndbox\":{\"xmin\":577,\"ymin\":1,\"xmax\":640,\"ymax\":48}}]}}");
}

static void picture_with_nothing_in_it_has_no_annotations(void **state)
{
    (void)state;
    const struct prediction_object nothing[] = {
        { .label = "x", .x = NAN, .width = 0.1f, .height = 0.1f },
        { .label = "x", .x = 0.5f, .y = 0.5f, .width = INFINITY, .height = 0.1f },
        { .label = "x", .x = 1.0f, .y = 0.5f, .width = 0.1f, .height = 0.1f },
        { .label = "x", .x = -0.3f, .y = 0.5f, .width = 0.2f, .height = 0.1f },
        { .label = "x", .x = 0.3f, .y = 0.5f, .width = 0.0f, .height = 0.1f },
        { .label = "x", .x = 0.3f, .y = 0.5f, .width = 0.1f, .height = -0.1f },
    };
    const struct prediction prediction = prediction_of(nothing, 6);
    for (int format = PREDICTION_COCO; format < PREDICTION_FORMAT_COUNT; format++) {
        size_t size = 0;
        char *text =
            prediction_export((enum prediction_format)format, &prediction, "cam", "p", &size);
        assert_non_null(text);
        const char *list = format == PREDICTION_COCO ? "\"annotations\":[]" : "\"object\":[]";
        assert_non_null(strstr(text, list));
        free(text);
    }
}

/* A box never leaves the picture, and its last pixel is never before its first. */
static void voc_pixels_are_in_the_picture(void **state)
{
    (void)state;
    for (int i = 0; i < 4000; i++) {
        const struct prediction_object it = {
            .label = "x",
            .x = (float)(i % 61 - 10) / 40.0f,
            .y = (float)(i % 53 - 7) / 33.0f,
            .width = (float)(i % 47 + 1) / 3000.0f,
            .height = (float)(i % 43 + 1) / 77.0f,
        };
        struct prediction prediction = prediction_of(&it, 1);
        prediction.width = (uint32_t)(i % 700 + 1);
        prediction.height = (uint32_t)(i % 500 + 1);
        size_t size = 0;
        char *text = prediction_export(PREDICTION_VOC, &prediction, "cam", "p", &size);
        json_t *value = json_loads(text, 0, NULL);
        json_t *object =
            json_array_get(json_object_get(json_object_get(value, "annotation"), "object"), 0);
        int left, top, right, bottom;
        if (object) {
            assert_int_equal(json_unpack(object, "{s:{s:i, s:i, s:i, s:i}}", "bndbox", "xmin",
                                         &left, "ymin", &top, "xmax", &right, "ymax", &bottom),
                             0);
            assert_true(1 <= left && left <= right && right <= (int)prediction.width);
            assert_true(1 <= top && top <= bottom && bottom <= (int)prediction.height);
        }
        json_decref(value);
        free(text);
    }
}

static void categories_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(coco_category_id("person"), 1);
    assert_int_equal(coco_category_id("Traffic Light"), 10);
    assert_int_equal(coco_category_id("toothbrush"), 90);
    assert_true(coco_category_id("moving") > 1000 && coco_category_id("moving") < INT32_MAX);
    assert_int_equal(coco_category_id("moving"), coco_category_id("moving"));
    assert_int_not_equal(coco_category_id("moving"), coco_category_id("gnivom"));
}

static void category_is_listed_once(void **state)
{
    (void)state;
    struct prediction_object many[3] = { pair[0], pair[0], pair[0] };
    const struct prediction prediction = prediction_of(many, 3);
    size_t size = 0;
    char *text = prediction_export(PREDICTION_COCO, &prediction, "cam", "p", &size);
    json_t *value = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(value, "annotations")), 3);
    assert_int_equal(json_array_size(json_object_get(value, "categories")), 1);
    json_decref(value);
    free(text);
}

static void names_are_parsed(void **state)
{
    (void)state;
    assert_int_equal(prediction_format_parse("json"), PREDICTION_OWN);
    assert_int_equal(prediction_format_parse("coco"), PREDICTION_COCO);
    assert_int_equal(prediction_format_parse("voc"), PREDICTION_VOC);
    assert_int_equal(prediction_format_parse("VOC"), PREDICTION_FORMAT_COUNT);
    assert_int_equal(prediction_format_parse(""), PREDICTION_FORMAT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coco_is_as_documented),
        cmocka_unit_test(voc_is_as_documented),
        cmocka_unit_test(picture_with_nothing_in_it_has_no_annotations),
        cmocka_unit_test(voc_pixels_are_in_the_picture),
        cmocka_unit_test(categories_keep_their_numbers),
        cmocka_unit_test(category_is_listed_once),
        cmocka_unit_test(names_are_parsed),
    };
    return cmocka_run_group_tests_name("predict/prediction_export", tests, NULL, NULL);
}
