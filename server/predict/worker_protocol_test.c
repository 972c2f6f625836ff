/* SPDX-License-Identifier: MIT */
#include "predict/worker_protocol.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static struct prediction out;

static json_t *json_of(const char *line, size_t size)
{
    assert_int_equal(line[size - 1], '\n');
    assert_ptr_equal(memchr(line, '\n', size), line + size - 1);
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

static void hello_is_flat_json(void **state)
{
    (void)state;
    char text[WORKER_HELLO_SIZE];
    char stream[65];
    memset(stream, 'n', 64);
    stream[64] = '\0';
    json_t *json = json_of(text, worker_hello_print(text, stream, INT64_C(600000000000)));
    assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "shm_fd")), 3);
    assert_int_equal(json_integer_value(json_object_get(json, "slots")), 8);
    assert_int_equal(json_integer_value(json_object_get(json, "shm_size")),
                     8 * json_integer_value(json_object_get(json, "slot_size")));
    assert_int_equal(json_integer_value(json_object_get(json, "deadline_ms")), 600000);
    assert_string_equal(json_string_value(json_object_get(json, "stream")), stream);
    json_decref(json);
}

static void largest_numbers_fit_into_a_batch(void **state)
{
    (void)state;
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 4, 4);
    picture->seq = UINT64_MAX;
    picture->captured_at_us = INT64_MAX;
    picture->width = picture->height = UINT32_MAX;
    struct worker_item items[8];
    for (unsigned i = 0; i < 8; i++) {
        items[i] = (struct worker_item){ .picture = picture,
                                         .slot = 7,
                                         .bytes = SIZE_MAX,
                                         .stride = SIZE_MAX,
                                         .width = UINT32_MAX,
                                         .height = UINT32_MAX };
    }
    static char text[8 * WORKER_ITEM_SIZE + 32];
    assert_true(worker_items_print(text, items, 8, true) < sizeof(text));
    picture->seq = 12;
    picture->captured_at_us = 1500000;
    items[0].bytes = 48;
    items[0].stride = 12;
    const size_t size = worker_items_print(text, items, 1, false);
    json_t *json = json_of(text, size);
    assert_int_equal(json_integer_value(json_object_get(json, "seq")), 12);
    assert_int_equal(json_integer_value(json_object_get(json, "size")), 48);
    assert_int_equal(json_integer_value(json_object_get(json, "stride")), 12);
    assert_true(json_real_value(json_object_get(json, "captured_at")) == 1.5);
    json_decref(json);
    picture->width = picture->height = 4;
    picture_unref(&picture);
}

static void wishes_are_read(void **state)
{
    (void)state;
    static const char line[] =
        "{\"ready\":true,\"format\":\"nv12\",\"width\":640,\"height\":0,"
        "\"batch\":8,\"name\":\"n\",\"labels\":[\"cat\",\"dog\"],\"more\":1}";
    char why[160] = "";
    struct worker_wish wish;
    assert_int_equal(worker_wish_parse(&wish, line, strlen(line), why, sizeof(why)), 0);
    assert_int_equal(wish.format, PIXEL_NV12);
    assert_false(wish.is_jpeg);
    assert_int_equal(wish.width, 640);
    assert_int_equal(wish.height, 0);
    assert_int_equal(wish.batch, 8);
    assert_string_equal(wish.name, "n");
    assert_int_equal(wish.label_count, 2);
    assert_string_equal(wish.labels[1], "dog");
    worker_wish_fini(&wish);

    static const char least[] = "{\"ready\":true}";
    assert_int_equal(worker_wish_parse(&wish, least, strlen(least), why, sizeof(why)), 0);
    assert_int_equal(wish.format, PIXEL_RGB24);
    assert_int_equal(wish.batch, 1);
    assert_null(wish.labels);
    worker_wish_fini(&wish);
}

static void wrong_wishes_are_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } rows[] = {
        { "", "its first line is not" },
        { "hello", "its first line is not {\"ready\":true,...}: \"hello\"" },
        { "{}", "its first line is not" },
        { "{\"ready\":1}", "its first line is not" },
        { "{\"ready\":true,\"ready\":true}", "its first line is not" },
        { "{\"error\":\"no model\"}", "it says: no model" },
        { "{\"ready\":true,\"format\":\"yuyv\"}", "format is none of" },
        { "{\"ready\":true,\"format\":3}", "format is none of" },
        { "{\"ready\":true,\"width\":16385}", "width or height" },
        { "{\"ready\":true,\"height\":-1}", "width or height" },
        { "{\"ready\":true,\"height\":1.5}", "width or height" },
        { "{\"ready\":true,\"format\":\"nv12\",\"width\":3,\"height\":2}", "even" },
        { "{\"ready\":true,\"width\":16384,\"height\":16384}", "64 million" },
        { "{\"ready\":true,\"batch\":0}", "batch" },
        { "{\"ready\":true,\"batch\":9}", "batch" },
        { "{\"ready\":true,\"name\":\"a\\u0000b\"}", "its first line is not" },
        { "{\"ready\":true,\"name\":7}", "name" },
        { "{\"ready\":true,\"labels\":7}", "labels" },
        { "{\"ready\":true,\"labels\":[\"a\",7]}", "a label is no text" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[160] = "";
        struct worker_wish wish;
        assert_true(worker_wish_parse(&wish, rows[i].line, strlen(rows[i].line), why, sizeof(why)) <
                    0);
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s: %s", rows[i].line, why);
        }
        assert_null(wish.labels);
    }
}

static int answer(const char *line, char *why, size_t why_size)
{
    static char labels[2][PREDICTION_LABEL_SIZE] = { "cat", "dog" };
    const struct worker_wish wish = { .labels = labels, .label_count = 2 };
    struct worker_answer read;
    out.data = NULL;
    out.object_count = 0;
    int err = worker_answer_parse(&read, line, strlen(line), why, why_size);
    if (!err) {
        err = worker_answer_fill(&read, &wish, &out, why, why_size);
        worker_answer_fini(&read);
    }
    return err;
}

static void results_are_read(void **state)
{
    (void)state;
    char why[160] = "";
    assert_int_equal(answer("{\"objects\":[{\"label\":\"a\",\"score\":0.5,\"box\":[0.1,0.2,0.3,1],"
                            "\"track\":7},{\"label\":1,\"box\":[0,0,1,1],\"score\":null}],"
                            "\"seq\":9}",
                            why, sizeof(why)),
                     0);
    assert_int_equal(out.object_count, 2);
    assert_string_equal(out.objects[0].label, "a");
    assert_true(out.objects[0].score == 0.5f && out.objects[0].width == 0.3f);
    assert_int_equal(out.objects[0].track, 7);
    assert_string_equal(out.objects[1].label, "dog");
    assert_true(out.objects[1].score < 0);
    assert_int_equal(out.objects[1].track, 0);
    assert_null(out.data);
}

/* The data is the worker's text, digit by digit, wherever it stands and whatever is around it. */
static void data_is_copied_as_it_is_written(void **state)
{
    (void)state;
    static const char *const values[] = {
        "1.10", "\"te,x}t\\\"\"", "[1, 2,{\"data\":\"]\"}]", "{\"a\":{\"data\":1},\"b\":[]}",
        "true", "-0.0",
    };
    static const char *const lines[] = {
        "{\"seq\":1,\"data\":%s}",
        "{ \"data\" :%s , \"seq\":1}",
        "{\"x\":{\"data\":[5]},\"s\":\"\\\"data\\\":3,{\",\"data\":%s,\"y\":[[\"}\"]],\"seq\":1}",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (size_t j = 0; j < sizeof(lines) / sizeof(lines[0]); j++) {
            char line[256], expected[64], why[160] = "";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(line, sizeof(line), lines[j], values[i]);
#pragma GCC diagnostic pop
            assert_int_equal(answer(line, why, sizeof(why)), 0);
            assert_non_null(out.data);
            snprintf(expected, sizeof(expected), "%s%s", values[i], j == 1 ? " " : "");
            assert_string_equal(out.data, expected);
            free(out.data);
        }
    }
    char why[160] = "";
    assert_int_equal(answer("{\"seq\":1,\"data\":null}", why, sizeof(why)), 0);
    assert_null(out.data);
}

static void wrong_results_cost_their_picture(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int err;
        const char *why;
    } rows[] = {
        { "", -EPROTO, "what is no result" },
        { "rubbish", -EPROTO, "what is no result: \"rubbish\"" },
        { "{\"seq\":1", -EPROTO, "no result" },
        { "{\"seq\":-1}", -EPROTO, "no result" },
        { "{\"seq\":\"1\"}", -EPROTO, "no result" },
        { "{\"seq\":1.0}", -EPROTO, "no result" },
        { "[1]", -EPROTO, "no result" },
        { "{\"seq\":1,\"data\":NaN}", -EPROTO, "no result" },
        { "{\"seq\":1,\"error\":\"out of memory\"}", -EINVAL, "it says: out of memory" },
        { "{\"seq\":1,\"error\":5}", -EINVAL, "an error that is no text" },
        { "{\"seq\":1,\"objects\":{}}", -EINVAL, "objects is no list" },
        { "{\"seq\":1,\"objects\":[1]}", -EINVAL, "box is no list" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1]}]}", -EINVAL, "box is no list" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,\"1\",1]}]}", -EINVAL, "box is not" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,320,200]}]}", -EINVAL, "fractions" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,-0.1,1]}]}", -EINVAL, "negative" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"label\":2}]}", -EINVAL, "no label has" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"label\":-1}]}", -EINVAL, "no label has" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"label\":[]}]}", -EINVAL, "label is no" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"score\":1.01}]}", -EINVAL, "score" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"score\":\"1\"}]}", -EINVAL, "score" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"track\":4294967296}]}", -EINVAL, "track" },
        { "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"track\":1.5}]}", -EINVAL, "track" },
        { "{\"seq\":1,\"d\\u0061ta\":5}", -EINVAL, "escapes" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[160] = "";
        const int err = answer(rows[i].line, why, sizeof(why));
        if (err != rows[i].err || !strstr(why, rows[i].why)) {
            fail_msg("%s: %d %s", rows[i].line, err, why);
        }
        assert_int_equal(out.object_count, 0);
        assert_null(out.data);
    }
}

/* A prefix of a result is none; nothing is read beyond it. */
static void every_prefix_is_refused(void **state)
{
    (void)state;
    static const char line[] = "{\"seq\":1,\"objects\":[{\"label\":\"\\u00e9\",\"box\":[0,0,1,1]}],"
                               "\"data\":{\"a\":\"}\\\\\"}}";
    for (size_t size = 0; size < strlen(line); size++) {
        char *part = strndup(line, size);
        char why[160] = "";
        assert_int_equal(answer(part, why, sizeof(why)), -EPROTO);
        free(part);
    }
    char why[160] = "";
    assert_int_equal(answer(line, why, sizeof(why)), 0);
    assert_string_equal(out.data, "{\"a\":\"}\\\\\"}");
    free(out.data);
}

/* n - 1, n and n + 1 of what has a limit. */
static void limits_hold(void **state)
{
    (void)state;
    static char line[400000];
    char why[160] = "";
    for (size_t count = 255; count <= 257; count++) {
        char *at = stpcpy(line, "{\"seq\":1,\"objects\":[");
        for (size_t i = 0; i < count; i++) {
            at = stpcpy(at, i ? ",{\"box\":[0,0,1,1]}" : "{\"box\":[0,0,1,1]}");
        }
        strcpy(at, "]}");
        assert_int_equal(answer(line, why, sizeof(why)), count <= 256 ? 0 : -EINVAL);
        assert_int_equal(out.object_count, count <= 256 ? count : 0);
    }
    for (int size = 62; size <= 64; size++) {
        snprintf(line, sizeof(line),
                 "{\"seq\":1,\"objects\":[{\"box\":[0,0,1,1],\"label\":\"%0*d\"}]}", size, 7);
        assert_int_equal(answer(line, why, sizeof(why)), size <= 63 ? 0 : -EINVAL);
    }
    for (int size = WORKER_DATA_MAX - 1; size <= WORKER_DATA_MAX + 1; size++) {
        snprintf(line, sizeof(line), "{\"seq\":1,\"data\":\"%0*d\"}", size - 2, 7);
        assert_int_equal(answer(line, why, sizeof(why)), size <= WORKER_DATA_MAX ? 0 : -EINVAL);
        free(out.data);
    }
    for (size_t count = 4095; count <= 4097; count++) {
        char *at = stpcpy(line, "{\"ready\":true,\"labels\":[\"\"");
        for (size_t i = 1; i < count; i++) {
            at = stpcpy(at, ",\"x\"");
        }
        strcpy(at, "]}");
        struct worker_wish wish;
        const int err = worker_wish_parse(&wish, line, strlen(line), why, sizeof(why));
        assert_int_equal(err, count <= 4096 ? 0 : -EINVAL);
        assert_int_equal(wish.label_count, count <= 4096 ? count : 0);
        worker_wish_fini(&wish);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_flat_json),
        cmocka_unit_test(largest_numbers_fit_into_a_batch),
        cmocka_unit_test(wishes_are_read),
        cmocka_unit_test(wrong_wishes_are_refused_with_a_sentence),
        cmocka_unit_test(results_are_read),
        cmocka_unit_test(data_is_copied_as_it_is_written),
        cmocka_unit_test(wrong_results_cost_their_picture),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests_name("predict/worker_protocol", tests, NULL, NULL);
}
