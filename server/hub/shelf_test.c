/* SPDX-License-Identifier: MIT */
#include "hub/shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PICTURE_US 100000 /* ten pictures a second */

static struct shelf *shelf;
static struct shelf_view view;

static int setup(void **state)
{
    (void)state;
    shelf = shelf_new();
    return shelf ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    shelf_free(&shelf);
    assert_null(shelf);
    shelf_free(&shelf);
    return 0;
}

/* A prediction whose first object says where it is from. */
static void put(unsigned predictor, uint64_t seq, size_t objects)
{
    static struct prediction prediction;
    prediction.seq = seq;
    prediction.captured_at_us = (int64_t)seq * PICTURE_US;
    prediction.object_count = objects;
    for (size_t i = 0; i < objects; i++) {
        prediction.objects[i].track = predictor * 1000 + (unsigned)seq;
    }
    shelf_put(shelf, predictor, &prediction);
}

/* Gives the seq of what is found. */
static uint64_t look(uint64_t seq, int64_t late_us)
{
    const struct picture picture = {
        .seq = seq,
        .captured_at_us = (int64_t)seq * PICTURE_US + late_us,
    };
    shelf_look(shelf, &picture, &view);
    assert_int_equal(shelf_count(shelf, &picture), view.predictions);
    return view.seq;
}

static void newest_that_is_not_of_a_later_picture_is_found(void **state)
{
    (void)state;
    assert_int_equal(look(5, 0), 0);
    assert_int_equal(view.predictions, 0);
    put(0, 3, 2);
    assert_int_equal(look(2, 0), 0);
    assert_int_equal(look(3, 0), 3);
    assert_int_equal(view.object_count, 2);
    assert_int_equal(view.objects[1].track, 3);
    assert_int_equal(look(5, 0), 3);
    put(0, 4, 1);
    put(0, 6, 0);
    assert_int_equal(look(5, 0), 4);
    assert_int_equal(view.object_count, 1);
    assert_int_equal(look(6, 0),
                     6); /* which saw nothing: the boxes before are not there any more */
    assert_int_equal(view.predictions, 1);
    assert_int_equal(view.object_count, 0);
    for (uint64_t seq = 7; seq <= 20; seq++) {
        put(0, seq, 1);
        assert_int_equal(look(seq, 0), seq);
        assert_int_equal(look(seq - 1, 0), seq - 1);
    }
}

static void what_is_old_is_not_found(void **state)
{
    (void)state;
    put(0, 1, 1);
    assert_int_equal(look(1, SHELF_AGE_MAX_US), 1);
    assert_int_equal(look(1, SHELF_AGE_MAX_US + 1), 0);
    assert_int_equal(look(2, -PICTURE_US - 1), 0); /* the clock was set back */
}

static void each_predictor_has_its_own(void **state)
{
    (void)state;
    put(0, 5, 1);
    put(SHELF_PREDICTORS_MAX - 1, 4, 2);
    assert_int_equal(look(5, 0), 5);
    assert_int_equal(view.predictions, 2);
    assert_int_equal(view.object_count, 3);
    assert_int_equal(view.objects[2].track, (SHELF_PREDICTORS_MAX - 1) * 1000 + 4);
    assert_int_equal(look(4, 0), 4);
    assert_int_equal(view.predictions, 1);
}

static void too_many_objects_are_left_out(void **state)
{
    (void)state;
    put(0, 1, PREDICTION_OBJECTS_MAX - 1);
    put(1, 1, 2);
    put(2, 1, PREDICTION_OBJECTS_MAX);
    look(1, 0);
    assert_int_equal(view.predictions, 3);
    assert_int_equal(view.object_count, PREDICTION_OBJECTS_MAX);
    assert_int_equal(view.objects[PREDICTION_OBJECTS_MAX - 1].track, 1001);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(newest_that_is_not_of_a_later_picture_is_found),
        CASE(what_is_old_is_not_found),
        CASE(each_predictor_has_its_own),
        CASE(too_many_objects_are_left_out),
    };
    return cmocka_run_group_tests_name("hub/shelf", tests, NULL, NULL);
}
