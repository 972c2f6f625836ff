/* SPDX-License-Identifier: MIT */
#include "motion.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

/* Pictures of a ground, with texture and noise or plain, before which rectangles walk. */

enum { WIDTH = 640, HEIGHT = 360, BOX_MAX = 16, BODY_WIDTH = 36, BODY_HEIGHT = 96, BODY_MAX = 2 };

/* Every allocation of the module is a calloc; the linker sends them here. */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static size_t calloc_count;
static size_t calloc_fails_at; /* 0: never */

void *__wrap_calloc(size_t count, size_t size)
{
    calloc_count++;
    return calloc_count == calloc_fails_at ? NULL : __real_calloc(count, size);
}

struct body {
    float x, y; /* upper left corner, in pixels */
    uint8_t luma;
};

struct scene {
    struct motion *motion;
    float rate_hz, gain, scale; /* scale: of the bodies */
    bool is_plain;
    uint8_t ground; /* of a plain scene */
    int64_t now_ns;
    uint32_t width, height, seed;
    struct body bodies[BODY_MAX];
    size_t body_count;
    uint8_t luma[WIDTH * HEIGHT];
    struct motion_box boxes[BOX_MAX];
    size_t box_count;
};

static int set_up(void **state)
{
    static struct scene scene;
    calloc_fails_at = 0;
    scene = (struct scene){
        .motion = motion_new(NULL),
        .rate_hz = 20.0f,
        .gain = 1.0f,
        .scale = 1.0f,
        .width = WIDTH,
        .height = HEIGHT,
        .seed = 7,
    };
    *state = &scene;
    return scene.motion ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    motion_free(&s->motion);
    return 0;
}

static uint32_t next_random(struct scene *s)
{
    s->seed = s->seed * 1664525U + 1013904223U;
    return s->seed >> 16;
}

static void draw(struct scene *s)
{
    for (uint32_t y = 0; y < s->height; y++) {
        for (uint32_t x = 0; x < s->width; x++) {
            const uint32_t tile = (x / 16 * 7 + y / 16 * 13) % 11;
            float value = 60.0f + 8.0f * (float)tile + 40.0f * (float)x / (float)s->width;
            value = s->is_plain ? s->ground : value;
            for (size_t i = 0; i < s->body_count; i++) {
                const float dx = (float)x - s->bodies[i].x, dy = (float)y - s->bodies[i].y;
                if (dx >= 0.0f && dx < s->scale * BODY_WIDTH && dy >= 0.0f &&
                    dy < s->scale * BODY_HEIGHT) {
                    value = s->bodies[i].luma;
                }
            }
            const float noise = s->is_plain ? 0.0f : (float)(next_random(s) % 13) - 6.0f;
            const float lit = value * s->gain + noise;
            s->luma[y * s->width + x] = (uint8_t)fmaxf(0.0f, fminf(255.0f, lit));
        }
    }
}

/* The scene's pixels as a picture of that size, whatever is in them. */
static struct raster picture(const struct scene *s, uint32_t width, uint32_t height)
{
    return (struct raster){ .data = s->luma, .stride = width, .width = width, .height = height };
}

static void look(struct scene *s)
{
    draw(s);
    s->now_ns += (int64_t)(1e9f / s->rate_hz);
    s->box_count =
        motion_look(s->motion, picture(s, s->width, s->height), s->now_ns, s->boxes, BOX_MAX);
}

static void look_for(struct scene *s, float seconds)
{
    for (float t = 0.0f; t < seconds; t += 1.0f / s->rate_hz) {
        look(s);
    }
}

static float overlap(const struct scene *s, const struct motion_box *box, const struct body *body)
{
    const float left = box->x * (float)s->width, top = box->y * (float)s->height;
    const float width = box->width * (float)s->width, height = box->height * (float)s->height;
    const float across = s->scale * BODY_WIDTH, down = s->scale * BODY_HEIGHT;
    const float shared_x = fminf(left + width, body->x + across) - fmaxf(left, body->x);
    const float shared_y = fminf(top + height, body->y + down) - fmaxf(top, body->y);
    const float shared = fmaxf(0.0f, shared_x) * fmaxf(0.0f, shared_y);
    return shared / (width * height + across * down - shared);
}

/* The track on a body, 0 for none. */
static uint32_t track_on(const struct scene *s, const struct body *body)
{
    for (size_t i = 0; i < s->box_count; i++) {
        if (overlap(s, &s->boxes[i], body) >= 0.5f) {
            return s->boxes[i].track;
        }
    }
    return 0;
}

/* Someone crosses the whole picture in 8 s: one id, and a box that fits while they are inside. */
static void one_walker_has_one_track_at(struct scene *s, float rate_hz)
{
    s->rate_hz = rate_hz;
    look_for(s, 2.0f);
    const float speed = (WIDTH + BODY_WIDTH) / 8.0f;
    uint32_t track = 0;
    s->bodies[0] = (struct body){ .x = -BODY_WIDTH, .y = 150.0f, .luma = 20 };
    s->body_count = 1;
    for (int n = 0; (float)n < 8.0f * rate_hz; n++) {
        struct body *body = &s->bodies[0];
        body->x = -BODY_WIDTH + speed * (float)n / rate_hz;
        look(s);
        if ((float)n < 1.6f * rate_hz || body->x + BODY_WIDTH > WIDTH) {
            continue;
        }
        assert_int_equal(s->box_count, 1);
        assert_true(overlap(s, &s->boxes[0], body) >= 0.6f);
        assert_true(s->boxes[0].score > 0.5f && s->boxes[0].score <= 1.0f);
        track = track ? track : s->boxes[0].track;
        assert_int_equal(s->boxes[0].track, track);
    }
    assert_int_not_equal(track, 0);
}

static void one_walker_has_one_track_at_10_hz(void **state)
{
    one_walker_has_one_track_at(*state, 10.0f);
}

static void one_walker_has_one_track_at_25_hz(void **state)
{
    one_walker_has_one_track_at(*state, 25.0f);
}

static void one_walker_has_one_track_at_60_hz(void **state)
{
    one_walker_has_one_track_at(*state, 60.0f);
}

static void two_that_cross_keep_their_tracks(void **state)
{
    struct scene *s = *state;
    look_for(s, 2.0f);
    s->body_count = 2;
    uint32_t before[2] = { 0 };
    for (int n = 0; n < 6 * 20; n++) {
        const float way = 85.0f * (float)n / 20.0f;
        s->bodies[0] = (struct body){ .x = 40.0f + way, .y = 150.0f, .luma = 15 };
        s->bodies[1] = (struct body){ .x = 560.0f - way, .y = 162.0f, .luma = 230 };
        look(s);
        if (n == 2 * 20) {
            before[0] = track_on(s, &s->bodies[0]);
            before[1] = track_on(s, &s->bodies[1]);
            assert_int_not_equal(before[0], 0);
            assert_int_not_equal(before[1], 0);
            assert_int_not_equal(before[0], before[1]);
        }
        if (n >= 2 * 20) {
            assert_int_equal(s->box_count, 2);
        }
    }
    assert_int_equal(track_on(s, &s->bodies[0]), before[0]);
    assert_int_equal(track_on(s, &s->bodies[1]), before[1]);
}

/* They walk from the first picture on, or from the fourth second. */
static void things_on_plain_ground_are_seen(void **state)
{
    static const struct {
        uint8_t ground, luma;
        float scale, rate_hz, from_s;
        size_t body_count;
    } rows[] = {
        { 128, 240, 1.2f, 10, 0, 1 }, { 128, 20, 1.2f, 30, 0, 1 },  { 128, 240, 1.2f, 10, 3, 1 },
        { 128, 240, 3.2f, 30, 0, 1 }, { 60, 200, 3.2f, 10, 0, 1 },  { 255, 150, 1.2f, 30, 3, 1 },
        { 0, 255, 1.2f, 10, 0, 1 },   { 255, 0, 3.2f, 10, 0, 1 },   { 255, 150, 1.2f, 10, 0, 1 },
        { 128, 240, 1.2f, 10, 0, 2 }, { 100, 160, 1.2f, 30, 0, 2 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene *s = *state;
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
        s->is_plain = true;
        s->ground = rows[i].ground;
        s->scale = rows[i].scale;
        s->rate_hz = rows[i].rate_hz;
        look_for(s, rows[i].from_s);
        s->body_count = rows[i].body_count;
        for (int n = 0; (float)n < 5.0f * s->rate_hz; n++) {
            for (size_t k = 0; k < s->body_count; k++) {
                const float x = 20.0f + 80.0f * (float)n / s->rate_hz;
                s->bodies[k] = (struct body){ x, 20.0f + 180.0f * (float)k, rows[i].luma };
            }
            look(s);
            for (size_t k = 0; k < s->body_count && (float)n > 3.0f * s->rate_hz; k++) {
                assert_int_not_equal(track_on(s, &s->bodies[k]), 0);
            }
        }
    }
}

static void noise_alone_gives_no_boxes(void **state)
{
    struct scene *s = *state;
    for (int n = 0; n < 200; n++) {
        look(s);
        assert_int_equal(s->box_count, 0);
    }
}

static void a_step_of_light_gives_no_boxes_after_a_second(void **state)
{
    static const float gains[] = { 0.6f, 0.85f, 1.2f, 1.6f };
    struct scene *s = *state;
    look_for(s, 3.0f);
    for (size_t i = 0; i < sizeof(gains) / sizeof(gains[0]); i++) {
        s->gain = gains[i];
        look_for(s, 1.0f);
        for (int n = 0; n < 40; n++) {
            look(s);
            assert_int_equal(s->box_count, 0);
        }
    }
}

static void a_change_of_size_begins_anew(void **state)
{
    struct scene *s = *state;
    s->body_count = 1;
    s->bodies[0] = (struct body){ .y = 100.0f, .luma = 15 };
    static const uint32_t sizes[][2] = { { 640, 360 }, { 320, 240 }, { 638, 357 } };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        s->width = sizes[i][0];
        s->height = sizes[i][1];
        s->bodies[0].x = -100.0f;
        for (int n = 0; n < 18; n++) {
            look(s);
            assert_int_equal(s->box_count, 0);
        }
        look_for(s, 1.0f);
        for (int n = 0; n < 40; n++) {
            s->bodies[0].x = 4.0f * (float)n;
            look(s);
        }
        assert_int_equal(s->box_count, 1);
        assert_true(overlap(s, &s->boxes[0], &s->bodies[0]) >= 0.6f);
    }
}

static void sizes_out_of_range_give_nothing(void **state)
{
    struct scene *s = *state;
    static const uint32_t sizes[][2] = {
        { 0, 0 }, { 15, 16 }, { 16, 15 }, { 16385, 1 }, { 1, 16385 }
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(motion_look(s->motion, picture(s, sizes[i][0], sizes[i][1]), (int64_t)i,
                                     s->boxes, BOX_MAX),
                         0);
    }
    motion_look(s->motion, picture(s, 16, 16), 100, s->boxes, BOX_MAX);
    motion_look(s->motion, picture(s, 16, 16), 200, s->boxes, BOX_MAX);
    motion_look(s->motion, picture(s, 16, 2000), 300, s->boxes, BOX_MAX);
}

static void the_same_time_gives_the_same_boxes(void **state)
{
    struct scene *s = *state;
    look_for(s, 2.0f);
    s->body_count = 1;
    for (int n = 0; n < 40; n++) {
        s->bodies[0] = (struct body){ .x = 4.0f * (float)n, .y = 100.0f, .luma = 15 };
        look(s);
    }
    assert_int_equal(s->box_count, 1);
    const struct motion_box last = s->boxes[0];
    s->body_count = 0;
    draw(s);
    const struct raster again = picture(s, s->width, s->height);
    const size_t count = motion_look(s->motion, again, s->now_ns, s->boxes, BOX_MAX);
    assert_int_equal(count, 1);
    assert_memory_equal(&s->boxes[0], &last, sizeof(last));
    assert_int_equal(motion_look(s->motion, again, s->now_ns, s->boxes, 0), 0);
}

static void looking_allocates_nothing(void **state)
{
    struct scene *s = *state;
    const size_t before = calloc_count;
    look_for(s, 3.0f);
    s->width = 320;
    s->height = 240;
    look_for(s, 1.0f);
    assert_int_equal(calloc_count, before);
}

static void options_are_brought_into_range(void **state)
{
    (void)state;
    static const uint32_t widths[] = { 1, 32, 640, 1024, 1000000 };
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        struct motion *m = motion_new(&(struct motion_options){ .work_width_px = widths[i] });
        assert_non_null(m);
        motion_free(&m);
    }
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    struct motion *m = NULL;
    size_t failed = 0;
    while (!m) {
        assert_in_range(failed, 0, 100);
        calloc_count = 0;
        calloc_fails_at = ++failed;
        m = motion_new(NULL);
    }
    assert_in_range(failed, 8, 100);
    calloc_fails_at = 0;
    motion_free(&m);
}

static void free_takes_null(void **state)
{
    (void)state;
    struct motion *none = NULL;
    motion_free(&none);
    assert_null(none);
}

int main(void)
{
#define WITH_SCENE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SCENE(one_walker_has_one_track_at_10_hz),
        WITH_SCENE(one_walker_has_one_track_at_25_hz),
        WITH_SCENE(one_walker_has_one_track_at_60_hz),
        WITH_SCENE(two_that_cross_keep_their_tracks),
        WITH_SCENE(things_on_plain_ground_are_seen),
        WITH_SCENE(noise_alone_gives_no_boxes),
        WITH_SCENE(a_step_of_light_gives_no_boxes_after_a_second),
        WITH_SCENE(a_change_of_size_begins_anew),
        WITH_SCENE(sizes_out_of_range_give_nothing),
        WITH_SCENE(the_same_time_gives_the_same_boxes),
        WITH_SCENE(looking_allocates_nothing),
        cmocka_unit_test(options_are_brought_into_range),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests_name("motion", tests, NULL, NULL);
}
