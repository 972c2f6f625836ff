/* SPDX-License-Identifier: MIT */
/*
 * The generated picture: a gradient that never changes, copied, and on it a ball that bounces, the
 * number of the picture and the time of day, so that delay and loss can be seen with the eye. The
 * same number always gives the same picture, but for the clock.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "picture/canvas.h"
#include "picture/font.h"
#include "picture/picture_pool.h"
#include "source/source_impl.h"

#define WIDTH 1280
#define WIDTH_MIN 16
#define FPS 30.0
#define BALLS 3

static const struct canvas_colour text_colour = { .y = 235, .cb = 128, .cr = 128 };
static const struct canvas_colour shade_colour = { .y = 30, .cb = 136, .cr = 124 };

struct test_source {
    uint32_t width, height;
    int64_t interval_ns, due_ns;
    uint64_t number;
    struct picture_pool *pool;
    struct picture *backdrop;
};

static bool test_matches(const char *spec)
{
    return strcmp(spec, "test") == 0;
}

static void test_free(void **instance)
{
    struct test_source *test = *instance;
    *instance = NULL;
    if (test) {
        picture_pool_free(&test->pool);
        picture_unref(&test->backdrop);
        free(test);
    }
}

static void backdrop_draw(struct picture *backdrop)
{
    const uint32_t width = backdrop->width, height = backdrop->height;
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = picture_plane(backdrop, 0) + y * backdrop->planes[0].stride;
        for (uint32_t x = 0; x < width; x++) {
            row[x] = (uint8_t)(40 + 80 * x / width + 60 * y / height);
        }
    }
    for (uint32_t y = 0; y < (height + 1) / 2; y++) {
        uint8_t *cb = picture_plane(backdrop, 1) + y * backdrop->planes[1].stride;
        uint8_t *cr = picture_plane(backdrop, 2) + y * backdrop->planes[2].stride;
        for (uint32_t x = 0; x < (width + 1) / 2; x++) {
            cb[x] = (uint8_t)(150 - 80 * y / height);
            cr[x] = (uint8_t)(104 + 60 * x / width);
        }
    }
}

static int test_make(void **instance, const struct source_options *options, char *why,
                     size_t why_size)
{
    (void)why;
    (void)why_size;
    struct test_source *test = calloc(1, sizeof(*test));
    if (!test) {
        return -ENOMEM;
    }
    const uint32_t width = options->width ? options->width : WIDTH;
    test->width = width < WIDTH_MIN ? WIDTH_MIN : width & ~1u;
    test->height = (test->width * 9 / 16 + 1) & ~1u;
    test->interval_ns = (int64_t)((double)NS_PER_S / (options->fps > 0 ? options->fps : FPS));
    test->pool = picture_pool_new(PICTURE_YUV420, test->width, test->height);
    test->backdrop = picture_new_planar(PICTURE_YUV420, test->width, test->height);
    void *made = test;
    if (!test->pool || !test->backdrop) {
        test_free(&made);
        return -ENOMEM;
    }
    test->backdrop->is_full_range = true;
    backdrop_draw(test->backdrop);
    *instance = made;
    return 0;
}

static int test_open(void *instance, const struct stop *stop, char *why, size_t why_size)
{
    (void)stop;
    (void)why;
    (void)why_size;
    struct test_source *test = instance;
    test->due_ns = clock_steady_ns();
    return 0;
}

static void test_close(void *instance)
{
    (void)instance;
}

/* To and fro between 0 and room, `speed` pixels a picture. */
static int bounce(uint64_t number, uint32_t speed, uint32_t room)
{
    if (room == 0) {
        return 0;
    }
    const uint32_t at = (uint32_t)(number * speed % (2 * (uint64_t)room));
    return (int)(at < room ? at : 2 * room - at);
}

static void ball_draw(struct picture *picture, int left, int top, int side,
                      struct canvas_colour colour)
{
    const int radius = side / 2;
    int half = 0; /* of the widest run in this row; grows, then shrinks */
    for (int row = 0; row < side; row++) {
        const int down = row - radius;
        while (half < radius && half * half + down * down < radius * radius) {
            half++;
        }
        while (half > 0 && half * half + down * down > radius * radius) {
            half--;
        }
        const struct canvas_rect run = {
            .x = left + radius - half,
            .y = top + row,
            .width = 2 * half,
            .height = 1,
        };
        canvas_fill(picture, run, colour);
    }
}

static void balls_draw(struct picture *picture, uint64_t number)
{
    static const struct canvas_colour colours[BALLS] = {
        { .y = 190, .cb = 60, .cr = 170 },
        { .y = 170, .cb = 150, .cr = 60 },
        { .y = 120, .cb = 190, .cr = 150 },
    };
    for (uint32_t i = 0; i < BALLS; i++) {
        const uint32_t side = picture->height / (5 + 2 * i);
        const uint32_t speed = picture->width / 200 + 1 + i;
        ball_draw(picture, bounce(number + 90 * i, speed, picture->width - side),
                  bounce(number + 50 * i, speed + 1, picture->height - side), (int)side,
                  colours[i]);
    }
}

static void text_draw(struct picture *picture, uint64_t number)
{
    const int64_t wall_us = clock_wall_us();
    const time_t seconds = (time_t)(wall_us / 1000000);
    struct tm now;
    localtime_r(&seconds, &now);
    char text[64];
    snprintf(text, sizeof(text), "%06llu  %02d:%02d:%02d.%03d", (unsigned long long)number,
             now.tm_hour, now.tm_min, now.tm_sec, (int)(wall_us / 1000 % 1000));
    const int scale = (int)picture->width / 320 + 1;
    const int border = 4 * scale;
    const struct canvas_rect shade = {
        .x = border,
        .y = border,
        .width = canvas_text_width(text, scale) + border,
        .height = FONT_CELL_HEIGHT * scale + border,
    };
    const struct canvas_pen pen = {
        .x = border + border / 2 + scale,
        .y = border + border / 2 + scale,
        .scale = scale,
        .colour = text_colour,
    };
    canvas_fill(picture, shade, shade_colour);
    canvas_text(picture, pen, text);
}

static void backdrop_copy(struct picture *picture, const struct picture *backdrop)
{
    for (unsigned plane = 0; plane < PICTURE_PLANES_MAX; plane++) {
        memcpy(picture_plane(picture, plane), backdrop->planes[plane].data,
               backdrop->planes[plane].stride * picture_plane_height(backdrop, plane));
    }
}

static int test_read(void *instance, const struct stop *stop, struct picture **out, char *why,
                     size_t why_size)
{
    (void)why;
    (void)why_size;
    struct test_source *test = instance;
    if (stop_wait(stop, -1, test->due_ns) == STOP_WAKE_STOPPED) {
        return 0;
    }
    const int64_t now_ns = clock_steady_ns();
    test->due_ns += test->interval_ns;
    if (test->due_ns < now_ns) {
        test->due_ns = now_ns; /* fell behind: carry on from here */
    }
    struct picture *picture = picture_pool_take(test->pool);
    if (!picture) {
        return -ENOMEM;
    }
    picture->is_full_range = true;
    test->number++;
    backdrop_copy(picture, test->backdrop);
    balls_draw(picture, test->number);
    text_draw(picture, test->number);
    *out = picture;
    return 0;
}

const struct source_kind test_kind = {
    .name = "test",
    .matches = test_matches,
    .make = test_make,
    .open = test_open,
    .read = test_read,
    .close = test_close,
    .free = test_free,
};
