/* SPDX-License-Identifier: MIT */
#include "predict/tracker.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define NS_PER_S INT64_C(1000000000)
#define WIDTH 0.06f /* of a walker, who is 0.24 high */
#define HEIGHT 0.24f

static const int rates_hz[] = { 5, 10, 25, 60 };
#define RATES (sizeof(rates_hz) / sizeof(rates_hz[0]))

static struct tracker *tracker;
static struct prediction prediction;

static int setup(void **state)
{
    (void)state;
    tracker = tracker_new(NULL);
    return tracker ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tracker_free(&tracker);
    assert_null(tracker);
    tracker_free(&tracker);
    return 0;
}

static int setup_again(void)
{
    tracker_free(&tracker);
    return setup(NULL);
}

static void clear(void)
{
    memset(&prediction, 0, sizeof(prediction));
}

/* Gives the place of the object in the prediction. */
static size_t see(const char *label, float x, float y, float width, float height)
{
    struct prediction_object *object = &prediction.objects[prediction.object_count];
    *object = (struct prediction_object){
        .score = 0.9f,
        .x = x - width / 2.0f,
        .y = y - height / 2.0f,
        .width = width,
        .height = height,
    };
    strcpy(object->label, label);
    return prediction.object_count++;
}

static size_t see_walker(float x, float y)
{
    return see("person", x, y, WIDTH, HEIGHT);
}

static void look(double at_s)
{
    tracker_look(tracker, &prediction, (int64_t)(at_s * (double)NS_PER_S));
}

static uint32_t track(size_t object)
{
    return prediction.objects[object].track;
}

/* The same numbers every time; -1 to 1. */
static float noise(void)
{
    static uint32_t value = 12345;
    value = value * 1664525u + 1013904223u;
    return (float)(value >> 8) / 8388608.0f - 1.0f;
}

static void walkers_that_cross_keep_their_tracks(void **state)
{
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        assert_int_equal(setup_again(), 0);
        for (int n = 0; n < 6 * rates_hz[r]; n++) {
            const float t = (float)n / (float)rates_hz[r];
            clear();
            see_walker(0.1f + 0.13f * t, 0.50f); /* two widths a second */
            see_walker(0.9f - 0.13f * t, 0.53f);
            see_walker(0.5f, 0.3f + 0.07f * t); /* and one from above, between them */
            look(t);
            for (uint32_t i = 0; i < 3; i++) {
                assert_int_equal(track(i), i + 1);
            }
        }
    }
}

/* While one is before the other the detector finds one box only. */
static void walker_behind_another_has_its_own_track_again(void **state)
{
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        assert_int_equal(setup_again(), 0);
        for (int n = 0; n < 6 * rates_hz[r]; n++) {
            const float t = (float)n / (float)rates_hz[r];
            const float left = 0.1f + 0.13f * t, right = 0.9f - 0.13f * t;
            const bool is_hidden = fabsf(left - right) < 0.6f * WIDTH;
            clear();
            see_walker(left, 0.5f);
            if (!is_hidden) {
                see_walker(right, 0.51f);
            }
            look(t);
            assert_int_equal(track(0), 1);
            assert_true(is_hidden || track(1) == 2);
        }
    }
}

/* Walks behind a pillar for so long; gives the track it has after. */
static uint32_t track_after_pillar(double hidden_s, int rate_hz)
{
    assert_int_equal(setup_again(), 0);
    uint32_t last = 0;
    for (int n = 0; n < 4 * rate_hz; n++) {
        const double t = (double)n / rate_hz;
        clear();
        const bool is_hidden = t >= 2.0 && t < 2.0 + hidden_s;
        if (!is_hidden) {
            see_walker(0.1f + 0.12f * (float)t, 0.5f);
        }
        look(t);
        last = is_hidden ? last : track(0);
    }
    return last;
}

static void track_coasts_for_a_time_and_not_longer(void **state)
{
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        assert_int_equal(track_after_pillar(0.75, rates_hz[r]), 1);
        assert_int_equal(track_after_pillar(1.3, rates_hz[r]), 2);
    }
}

static void coasting_lasts_as_long_as_asked(void **state)
{
    (void)state;
    const struct tracker_options options = { .coast_ns = 5 * NS_PER_S };
    for (int gap_s = 1; gap_s <= 6; gap_s++) {
        tracker_free(&tracker);
        tracker = tracker_new(&options);
        assert_non_null(tracker);
        clear();
        see_walker(0.5f, 0.5f);
        look(0);
        clear();
        see_walker(0.5f, 0.5f);
        look(gap_s);
        assert_int_equal(track(0), gap_s <= 5 ? 1 : 2);
    }
}

static void label_may_change_in_place(void **state)
{
    (void)state;
    for (int n = 0; n < 40; n++) {
        clear();
        see(n % 3 == 1 ? "truck" : "car", 0.1f + 0.015f * (float)n, 0.5f, 0.2f, 0.1f);
        look(n / 10.0);
        assert_int_equal(track(0), 1);
    }
    clear();
    see("dog", 0.1f + 0.015f * 40 + 0.10f, 0.5f, 0.2f, 0.1f); /* half a length further: another */
    look(4.0);
    assert_int_equal(track(0), 2);
}

static void rider_and_bicycle_keep_apart(void **state)
{
    (void)state;
    for (int n = 0; n < 60; n++) {
        const float x = 0.1f + 0.012f * (float)n;
        clear();
        const bool is_swapped = n % 2; /* a detector's order says nothing */
        const size_t rider = is_swapped ? 1 : 0;
        if (is_swapped) {
            see("bicycle", x + 0.01f * noise(), 0.52f, 0.08f, 0.20f);
        }
        see("person", x + 0.01f * noise(), 0.50f, 0.07f, 0.22f);
        if (!is_swapped) {
            see("bicycle", x + 0.01f * noise(), 0.52f, 0.08f, 0.20f);
        }
        look(n / 12.0);
        assert_int_equal(track(rider), 1);
        assert_int_equal(track(1 - rider), 2);
    }
}

/* A third of the pictures at 30 a second, at random, as a slow detector gets them. */
static void pictures_left_out_are_time(void **state)
{
    (void)state;
    for (int n = 0; n < 240; n++) {
        const float t = (float)n / 30.0f;
        if (n > 0 && noise() > -0.33f) {
            continue;
        }
        clear();
        see_walker(0.05f + 0.11f * t, 0.5f + 0.1f * sinf(t));
        see_walker(0.95f - 0.11f * t, 0.5f - 0.1f * sinf(t));
        look(t);
        assert_int_equal(track(0), 1);
        assert_int_equal(track(1), 2);
    }
}

/* Boxes that jitter by a tenth of their size, and one in ten that is missed. */
static void unsteady_detector_is_put_up_with(void **state)
{
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        assert_int_equal(setup_again(), 0);
        for (int n = 0; n < 8 * rates_hz[r]; n++) {
            const float t = (float)n / (float)rates_hz[r];
            uint32_t seen[5];
            clear();
            for (uint32_t i = 0; i < 5; i++) { /* side by side, one and a half widths apart */
                const float x = 0.2f + 1.5f * WIDTH * (float)i + (i % 2 ? 0.0f : 0.02f * t);
                if (n > 1 && noise() > 0.8f) {
                    continue;
                }
                seen[prediction.object_count] = i + 1;
                see("person", x + 0.1f * WIDTH * noise(),
                    0.5f + (i % 2 ? 0.3f : 0.0f) + 0.1f * HEIGHT * noise(),
                    WIDTH * (1.0f + 0.1f * noise()), HEIGHT * (1.0f + 0.1f * noise()));
            }
            look(t);
            for (size_t k = 0; k < prediction.object_count; k++) {
                assert_int_equal(track(k), seen[k]);
            }
        }
    }
}

static void once_a_second_is_enough_for_what_is_slow(void **state)
{
    (void)state;
    for (int n = 0; n < 10; n++) {
        clear();
        see_walker(0.1f + 0.04f * (float)n, 0.5f);
        see_walker(0.9f - 0.04f * (float)n, 0.2f);
        look(n);
        assert_int_equal(track(0), 1);
        assert_int_equal(track(1), 2);
    }
}

static void numbers_are_never_used_again(void **state)
{
    (void)state;
    uint32_t last = 0;
    for (int n = 0; n < 20; n++) {
        clear();
        for (size_t i = 0; i < PREDICTION_OBJECTS_MAX; i++) { /* none near another, ever */
            see("dot", (float)(i % 16) / 16.0f + (float)(n % 4) / 64.0f,
                (float)(i / 16) / 16.0f + (float)(n / 4 % 4) / 64.0f, 0.005f, 0.005f);
        }
        look(n / 30.0);
        for (size_t i = 0; i < PREDICTION_OBJECTS_MAX; i++) {
            const bool is_back = n >= 16 && track(i) <= last; /* in a place that was there before */
            assert_true(is_back || track(i) == last + 1);
            last = is_back ? last : last + 1;
        }
    }
    assert_true(last >= 16 * PREDICTION_OBJECTS_MAX);
}

static void every_object_has_a_track_of_its_own_in_a_crowd(void **state)
{
    (void)state;
    for (int n = 0; n < 3; n++) {
        clear();
        for (size_t i = 0; i < PREDICTION_OBJECTS_MAX; i++) { /* all over each other */
            see_walker(0.5f + 0.0001f * (float)i, 0.5f);
        }
        look(n / 30.0);
        for (size_t i = 0; i < PREDICTION_OBJECTS_MAX; i++) {
            assert_true(track(i) > 0);
            for (size_t k = 0; k < i; k++) {
                assert_int_not_equal(track(i), track(k));
            }
        }
    }
}

static void prediction_with_tracks_is_left_alone(void **state)
{
    (void)state;
    clear();
    see_walker(0.2f, 0.5f);
    see_walker(0.8f, 0.5f);
    prediction.objects[1].track = 77;
    look(0);
    assert_int_equal(track(0), 0);
    assert_int_equal(track(1), 77);
    clear();
    look(0.1);
    assert_int_equal(prediction.object_count, 0);
}

static void what_is_no_box_has_no_track(void **state)
{
    (void)state;
    const float rows[][4] = {
        { NAN, 0.5f, 0.1f, 0.1f },   { 0.5f, INFINITY, 0.1f, 0.1f }, { 0.5f, 0.5f, 0.0f, 0.1f },
        { 0.5f, 0.5f, 0.1f, -0.1f }, { 0.5f, 0.5f, NAN, 0.1f },
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    for (int n = 0; n < 3; n++) {
        clear();
        for (size_t i = 0; i < count; i++) {
            see("x", rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        }
        see_walker(0.5f, 0.5f);
        look(0.0); /* all at one time, too */
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(track(i), 0);
        }
        assert_int_equal(track(count), 1);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(walkers_that_cross_keep_their_tracks),
        CASE(walker_behind_another_has_its_own_track_again),
        CASE(track_coasts_for_a_time_and_not_longer),
        CASE(coasting_lasts_as_long_as_asked),
        CASE(label_may_change_in_place),
        CASE(rider_and_bicycle_keep_apart),
        CASE(pictures_left_out_are_time),
        CASE(unsteady_detector_is_put_up_with),
        CASE(once_a_second_is_enough_for_what_is_slow),
        CASE(numbers_are_never_used_again),
        CASE(every_object_has_a_track_of_its_own_in_a_crowd),
        CASE(prediction_with_tracks_is_left_alone),
        CASE(what_is_no_box_has_no_track),
    };
    return cmocka_run_group_tests_name("predict/tracker", tests, NULL, NULL);
}
