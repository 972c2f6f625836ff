/* SPDX-License-Identifier: MIT */
#include "predict/prediction_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NEAR 1e-6f
#define GONE -2.0f /* as a score: the object is left out */

static struct prediction prediction;

static void objects_are_kept_clipped_or_left_out(void **state)
{
    (void)state;
    const struct {
        float score, x, y, width, height;                     /* said */
        float score_out, x_out, y_out, width_out, height_out; /* left */
        const char *why;                                      /* NULL: no fault */
    } rows[] = {
        { 0.5f, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.1f, 0.2f, 0.3f, 0.4f, NULL },
        { 0.0f, 0, 0, 1, 1, 0.0f, 0, 0, 1, 1, NULL },
        { -0.1f, 0, 0, 1, 1, -1.0f, 0, 0, 1, 1, NULL },
        { 1.0009f, 0, 0, 1, 1, 1.0f, 0, 0, 1, 1, NULL },
        { 1.0011f, 0, 0, 1, 1, 1.0f, 0, 0, 1, 1, "score is above" },
        { 1, -0.0009f, 0, 1, 1.0009f, 1, 0, 0, 0.9991f, 1, NULL },
        { 1, -0.5f, 0.75f, 1, 0.5f, 1, 0, 0.75f, 0.5f, 0.25f, "stands out" },
        { 1, 0.5f, 0.5f, 0, 0, 1, 0.5f, 0.5f, 0, 0, NULL },
        { 1, 0.5f, 0.5f, -0.1f, 0.1f, GONE, 0, 0, 0, 0, "inside out" },
        { 1, 1.5f, 0.5f, 0.1f, 0.1f, GONE, 0, 0, 0, 0, "outside" },
        { 1, 0.5f, -0.2f, 0.1f, 0.1f, GONE, 0, 0, 0, 0, "outside" },
        { NAN, 0, 0, 1, 1, GONE, 0, 0, 0, 0, "not a number" },
        { 1, NAN, 0, 1, 1, GONE, 0, 0, 0, 0, "not a number" },
        { 1, 0, INFINITY, 1, 1, GONE, 0, 0, 0, 0, "not a number" },
        { 1, 0, 0, -INFINITY, 1, GONE, 0, 0, 0, 0, "not a number" },
        { 1, 0, 0, 1, NAN, GONE, 0, 0, 0, 0, "not a number" },
        { 1, 3e38f, 0, 3e38f, 1, GONE, 0, 0, 0, 0, "outside" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct prediction_object *object = &prediction.objects[0];
        *object = (struct prediction_object){
            .label = "a",
            .score = rows[i].score,
            .x = rows[i].x,
            .y = rows[i].y,
            .width = rows[i].width,
            .height = rows[i].height,
            .track = 7,
        };
        prediction.object_count = 1;
        char why[PREDICTION_WHY_SIZE] = "untouched";
        const size_t faults = prediction_check(&prediction, why, sizeof(why));
        assert_int_equal(faults, rows[i].why ? 1 : 0);
        assert_non_null(strstr(why, rows[i].why ? rows[i].why : "untouched"));
        if (rows[i].score_out == GONE) {
            assert_int_equal(prediction.object_count, 0);
            continue;
        }
        assert_int_equal(prediction.object_count, 1);
        assert_float_equal(object->score, rows[i].score_out, NEAR);
        assert_float_equal(object->x, rows[i].x_out, NEAR);
        assert_float_equal(object->y, rows[i].y_out, NEAR);
        assert_float_equal(object->width, rows[i].width_out, NEAR);
        assert_float_equal(object->height, rows[i].height_out, NEAR);
        assert_int_equal(object->track, 7);
        assert_string_equal(object->label, "a");
    }
}

static void labels_are_ended(void **state)
{
    (void)state;
    struct prediction_object *object = &prediction.objects[0];
    *object = (struct prediction_object){ .width = 1, .height = 1 };
    memset(object->label, 'x', sizeof(object->label));
    prediction.object_count = 1;
    char why[PREDICTION_WHY_SIZE] = "";
    assert_int_equal(prediction_check(&prediction, why, sizeof(why)), 1);
    assert_int_equal(prediction.object_count, 1);
    assert_int_equal(strlen(object->label), PREDICTION_LABEL_SIZE - 1);
    assert_string_equal(why, "object 0: its label has no end");
}

static void those_that_stay_keep_their_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        prediction.objects[i] = (struct prediction_object){ .width = 1, .height = 1, .track = i };
    }
    prediction.objects[1].x = NAN;
    prediction.objects[3].width = -1;
    prediction.object_count = 5;
    char why[PREDICTION_WHY_SIZE] = "";
    assert_int_equal(prediction_check(&prediction, why, sizeof(why)), 2);
    assert_int_equal(prediction.object_count, 3);
    assert_int_equal(prediction.objects[0].track, 0);
    assert_int_equal(prediction.objects[1].track, 2);
    assert_int_equal(prediction.objects[2].track, 4);
    assert_string_equal(why, "object 1: its score or its box is not a number");
}

static void there_are_at_most_so_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < PREDICTION_OBJECTS_MAX; i++) {
        prediction.objects[i] = (struct prediction_object){ .width = 1, .height = 1 };
    }
    for (size_t more = 0; more < 2; more++) {
        prediction.object_count = PREDICTION_OBJECTS_MAX + more;
        char why[PREDICTION_WHY_SIZE] = "";
        assert_int_equal(prediction_check(&prediction, why, sizeof(why)), more);
        assert_int_equal(prediction.object_count, PREDICTION_OBJECTS_MAX);
        assert_string_equal(why, more ? "there are 257 objects, which is more than 256" : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_kept_clipped_or_left_out),
        cmocka_unit_test(labels_are_ended),
        cmocka_unit_test(those_that_stay_keep_their_order),
        cmocka_unit_test(there_are_at_most_so_many),
    };
    return cmocka_run_group_tests_name("predict/prediction_check", tests, NULL, NULL);
}
