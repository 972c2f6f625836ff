/* SPDX-License-Identifier: MIT */
#include "tracks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WIDTH = 320, HEIGHT = 240 };

static const float STEP_S = 0.1f;

static int set_up(void **state)
{
    *state = tracks_new(&(struct tracks_options){ .coast_s = 0.7f });
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct tracks *set = *state;
    tracks_free(&set);
    return 0;
}

static struct region body_at(float x, float y)
{
    return (struct region){
        .left = x - 10.0f,
        .top = y - 25.0f,
        .right = x + 10.0f,
        .bottom = y + 25.0f,
        .pixel_count = 600,
        .strong_count = 600,
    };
}

static struct region joint(struct region a, struct region b)
{
    return (struct region){
        .left = fminf(a.left, b.left),
        .top = fminf(a.top, b.top),
        .right = fmaxf(a.right, b.right),
        .bottom = fmaxf(a.bottom, b.bottom),
        .pixel_count = 900,
        .strong_count = 900,
    };
}

static void look(struct tracks *set, const struct region *regions, size_t count)
{
    tracks_look(set, &(struct sight){
                         .regions = regions,
                         .count = count,
                         .elapsed_s = STEP_S,
                         .width = WIDTH,
                         .height = HEIGHT,
                     });
}

/* The believed track nearest to a place, or NULL when none is within 12 pixels. */
static const struct track *near(const struct tracks *set, float x, float y)
{
    size_t count;
    const struct track *list = tracks_peek(set, &count);
    const struct track *best = NULL;
    float least = 12.0f;
    for (size_t i = 0; i < count; i++) {
        const float away = hypotf(list[i].x.at - x, list[i].y.at - y);
        if (list[i].id && away < least) {
            least = away;
            best = &list[i];
        }
    }
    return best;
}

static size_t believed(const struct tracks *set)
{
    size_t count, sum = 0;
    const struct track *list = tracks_peek(set, &count);
    for (size_t i = 0; i < count; i++) {
        sum += list[i].id != 0;
    }
    return sum;
}

/* One body that walks from x on with 40 pixels a second; returns where it is then. */
static float walk(struct tracks *set, float x, int steps)
{
    for (int n = 0; n < steps; n++, x += 4.0f) {
        const struct region body = body_at(x, 100.0f);
        look(set, &body, 1);
    }
    return x - 4.0f;
}

static void a_walker_is_believed_on_the_third_hit_or_later(void **state)
{
    struct tracks *set = *state;
    walk(set, 50.0f, 2);
    assert_int_equal(believed(set), 0);
    const float x = walk(set, 58.0f, 8);
    assert_int_equal(believed(set), 1);
    const struct track *t = near(set, x, 100.0f);
    assert_non_null(t);
    assert_true(fabsf(t->x.speed - 40.0f) < 8.0f);
    assert_true(fabsf(t->x.size - 20.0f) < 1.0f && fabsf(t->y.size - 50.0f) < 1.0f);
}

static void what_never_moves_is_never_believed(void **state)
{
    struct tracks *set = *state;
    const struct region body = body_at(100.0f, 100.0f);
    for (int n = 0; n < 100; n++) {
        look(set, &body, 1);
        assert_int_equal(believed(set), 0);
    }
}

static void a_track_coasts_while_unseen_and_then_ends(void **state)
{
    struct tracks *set = *state;
    float x = walk(set, 50.0f, 20);
    const uint32_t id = near(set, x, 100.0f)->id;
    for (int n = 0; n < 5; n++) {
        look(set, NULL, 0);
    }
    x = walk(set, x + 24.0f, 5);
    assert_int_equal(near(set, x, 100.0f)->id, id);
    for (int n = 0; n < 9; n++) {
        look(set, NULL, 0);
    }
    assert_int_equal(believed(set), 0);
}

static void who_leaves_the_picture_ends(void **state)
{
    struct tracks *set = *state;
    walk(set, 280.0f, 11);
    look(set, NULL, 0);
    look(set, NULL, 0);
    assert_int_equal(believed(set), 0);
}

static void two_that_cross_keep_their_ids(void **state)
{
    struct tracks *set = *state;
    uint32_t to_right = 0, to_left = 0;
    for (int n = 0; n < 50; n++) {
        const float a = 60.0f + 4.0f * (float)n, b = 260.0f - 4.0f * (float)n;
        const struct region bodies[2] = { body_at(a, 100.0f), body_at(b, 104.0f) };
        const struct region group = joint(bodies[0], bodies[1]);
        if (fabsf(a - b) < 22.0f) {
            look(set, &group, 1);
        } else {
            look(set, bodies, 2);
        }
        if (n == 12) {
            to_right = near(set, a, 100.0f)->id;
            to_left = near(set, b, 104.0f)->id;
            assert_int_not_equal(to_right, to_left);
        }
        if (n > 12) {
            assert_int_equal(believed(set), 2);
        }
    }
    assert_int_equal(near(set, 256.0f, 100.0f)->id, to_right);
    assert_int_equal(near(set, 64.0f, 104.0f)->id, to_left);
}

static void two_that_part_become_two(void **state)
{
    struct tracks *set = *state;
    for (int n = 0; n < 40; n++) {
        const float x = 60.0f + 4.0f * (float)n, apart = n < 15 ? 9.0f : 9.0f + (float)(n - 14);
        const struct region bodies[2] = { body_at(x - apart, 100.0f), body_at(x + apart, 100.0f) };
        const struct region group = joint(bodies[0], bodies[1]);
        look(set, n < 18 ? &group : bodies, n < 18 ? 1 : 2);
    }
    assert_int_equal(believed(set), 2);
}

static void a_body_cut_by_a_pole_stays_one(void **state)
{
    struct tracks *set = *state;
    uint32_t id = 0;
    for (int n = 0; n < 40; n++) {
        const float x = 60.0f + 4.0f * (float)n;
        const struct region whole = body_at(x, 100.0f);
        struct region parts[2] = { whole, whole };
        parts[0].bottom = whole.top + 12.0f; /* a head over the board, legs under it */
        parts[1].top = whole.bottom - 20.0f;
        const bool is_cut = n > 20 && n < 26;
        look(set, is_cut ? parts : &whole, is_cut ? 2 : 1);
        if (n >= 10) {
            assert_int_equal(believed(set), 1);
            const struct track *t = near(set, x, 100.0f);
            assert_non_null(t);
            id = n == 10 ? t->id : id;
            assert_int_equal(t->id, id);
        }
    }
}

static void more_than_the_limit_is_left_out(void **state)
{
    struct tracks *set = *state;
    struct region bodies[REGIONS_MAX];
    for (int n = 0; n < 3; n++) {
        for (size_t i = 0; i < REGIONS_MAX; i++) { /* far from those of the picture before */
            bodies[i] = body_at(10.0f + 40.0f * (float)(i % 8) + 15.0f * (float)n,
                                10.0f + 28.0f * (float)(i / 8));
        }
        look(set, bodies, REGIONS_MAX);
        size_t count;
        tracks_peek(set, &count);
        assert_in_range(count, 1, TRACKS_MAX);
    }
}

static void ids_are_not_used_again(void **state)
{
    struct tracks *set = *state;
    const uint32_t first = near(set, walk(set, 50.0f, 20), 100.0f)->id;
    tracks_restart(set);
    assert_int_equal(believed(set), 0);
    assert_true(near(set, walk(set, 50.0f, 20), 100.0f)->id > first);
}

static void free_takes_null(void **state)
{
    (void)state;
    struct tracks *none = NULL;
    tracks_free(&none);
    assert_null(none);
}

int main(void)
{
#define WITH_SET(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SET(a_walker_is_believed_on_the_third_hit_or_later),
        WITH_SET(what_never_moves_is_never_believed),
        WITH_SET(a_track_coasts_while_unseen_and_then_ends),
        WITH_SET(who_leaves_the_picture_ends),
        WITH_SET(two_that_cross_keep_their_ids),
        WITH_SET(two_that_part_become_two),
        WITH_SET(a_body_cut_by_a_pole_stays_one),
        WITH_SET(more_than_the_limit_is_left_out),
        WITH_SET(ids_are_not_used_again),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests_name("tracks", tests, NULL, NULL);
}
