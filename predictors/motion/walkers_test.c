/* SPDX-License-Identifier: MIT */

/* Real people: the clip vtest.avi of the package opencv-doc, decoded by ffmpeg. Skipped where
 * either is missing. FRAMECAST_VTEST names the clip when it lies elsewhere.
 *
 * Where people are was read off the pictures by eye, at the middle of the body. */

#include "motion.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    WIDTH = 768,
    HEIGHT = 576,
    RATE_HZ = 10,
    BOX_MAX = 32,
    PICTURE_MAX = 1000,
    LIFE_MAX = 512,
    POINT_MAX = 8,
    SKIPPED = 77,
    WALKERS_MIN = 4,
};

static const float LONG_S = 5.0f;

struct seen {
    size_t count;
    struct motion_box boxes[BOX_MAX];
};

static struct seen seen[PICTURE_MAX];
static size_t picture_count;

/* Someone walks: where they are, in fractions of the picture, at some pictures. */
struct walker {
    const char *who;
    struct {
        uint32_t picture;
        float x, y;
    } points[POINT_MAX];
};

static const struct walker walkers[] = {
    { "fair hair, black coat, on the grass",
      { { 600, 0.396f, 0.888f },
        { 640, 0.469f, 0.786f },
        { 660, 0.425f, 0.740f },
        { 680, 0.230f, 0.676f },
        { 700, 0.159f, 0.592f },
        { 720, 0.100f, 0.518f } } },
    { "black suit, stands for a while and goes on",
      { { 525, 0.846f, 0.548f },
        { 560, 0.855f, 0.620f },
        { 600, 0.853f, 0.620f },
        { 640, 0.679f, 0.510f },
        { 660, 0.618f, 0.426f },
        { 680, 0.650f, 0.357f },
        { 700, 0.693f, 0.349f } } },
    { "to the left, past the sign",
      { { 470, 0.614f, 0.446f }, { 525, 0.285f, 0.370f }, { 560, 0.122f, 0.357f } } },
    { "dark jacket, back to us",
      { { 470, 0.907f, 0.625f }, { 480, 0.813f, 0.574f }, { 525, 0.637f, 0.429f } } },
    { "to the left along the tape and back",
      { { 560, 0.511f, 0.337f },
        { 600, 0.256f, 0.311f },
        { 640, 0.165f, 0.311f },
        { 660, 0.249f, 0.332f },
        { 680, 0.369f, 0.344f },
        { 700, 0.496f, 0.378f },
        { 720, 0.622f, 0.429f } } },
    { "padded jacket, sheet in hand",
      { { 600, 0.612f, 0.625f }, { 640, 0.863f, 0.449f }, { 660, 0.823f, 0.375f } } },
};

/* The track whose box holds the point most centrally, 0 for none. */
static uint32_t track_at(const struct seen *s, float x, float y)
{
    uint32_t track = 0;
    float least = 0.5f;
    for (size_t i = 0; i < s->count; i++) {
        const struct motion_box *b = &s->boxes[i];
        const float away_x = fabsf(x - b->x - b->width / 2.0f) / b->width;
        const float away_y = fabsf(y - b->y - b->height / 2.0f) / b->height;
        if (fmaxf(away_x, away_y) < least) {
            least = fmaxf(away_x, away_y);
            track = b->track;
        }
    }
    return track;
}

static bool is_followed(const struct walker *w)
{
    const uint32_t first = w->points[0].picture;
    const uint32_t track = track_at(&seen[first], w->points[0].x, w->points[0].y);
    uint32_t last = first;
    for (size_t i = 0; i < POINT_MAX && w->points[i].picture; i++) {
        const uint32_t at = w->points[i].picture;
        if (!track || track_at(&seen[at], w->points[i].x, w->points[i].y) != track) {
            printf("lost at picture %u: %s\n", at, w->who);
            return false;
        }
        last = at;
    }
    for (uint32_t n = first; n <= last; n++) { /* and never gone in between */
        bool is_there = false;
        for (size_t i = 0; i < seen[n].count; i++) {
            is_there = is_there || seen[n].boxes[i].track == track;
        }
        if (!is_there) {
            printf("gone at picture %u: %s\n", n, w->who);
            return false;
        }
    }
    printf("followed for %.1f s by track %u: %s\n", (double)(last - first) / RATE_HZ, track,
           w->who);
    return (float)(last - first) / RATE_HZ >= LONG_S;
}

static void people_known_by_eye_are_followed(void **state)
{
    (void)state;
    assert_in_range(picture_count, 721, PICTURE_MAX);
    int followed = 0;
    for (size_t i = 0; i < sizeof(walkers) / sizeof(walkers[0]); i++) {
        followed += is_followed(&walkers[i]);
    }
    assert_true(followed >= WALKERS_MIN);
}

struct life {
    uint32_t first, last, count;
    float x_min, x_max, area_sum, aspect_sum;
};

static bool is_walker(const struct life *l)
{
    const float count = (float)l->count, area = l->area_sum / count;
    const float aspect = l->aspect_sum / count;
    return (float)(l->last - l->first) / RATE_HZ >= LONG_S && l->x_max - l->x_min > 0.1f &&
           area > 0.001f && area < 0.03f && aspect > 1.5f && aspect < 4.5f;
}

static void most_boxes_are_of_tracks_that_walk(void **state)
{
    (void)state;
    static struct life lives[LIFE_MAX];
    uint32_t boxes = 0, walking = 0, walker_count = 0;
    for (uint32_t n = 0; n < picture_count; n++) {
        for (size_t i = 0; i < seen[n].count; i++) {
            const struct motion_box *b = &seen[n].boxes[i];
            assert_in_range(b->track, 1, LIFE_MAX - 1);
            struct life *l = &lives[b->track];
            const float x = b->x + b->width / 2.0f;
            if (l->count == 0) {
                *l = (struct life){ .first = n, .x_min = x, .x_max = x };
            }
            l->last = n;
            l->count++;
            l->x_min = fminf(l->x_min, x);
            l->x_max = fmaxf(l->x_max, x);
            l->area_sum += b->width * b->height;
            l->aspect_sum += b->height * HEIGHT / (b->width * WIDTH);
            boxes++;
        }
    }
    for (size_t i = 0; i < LIFE_MAX; i++) {
        if (lives[i].count > 0 && is_walker(&lives[i])) {
            walker_count++;
            walking += lives[i].count;
        }
    }
    printf("%u tracks walk for 5 s or more; %u of %u boxes are theirs\n", walker_count, walking,
           boxes);
    assert_true(walker_count >= WALKERS_MIN);
    assert_true(walking >= boxes * 3 / 4);
}

static bool look_at_clip(const char *clip)
{
    static uint8_t luma[WIDTH * HEIGHT];
    const struct raster picture = {
        .data = luma,
        .stride = WIDTH,
        .width = WIDTH,
        .height = HEIGHT,
    };
    char command[1024];
    const int length =
        snprintf(command, sizeof(command),
                 "ffmpeg -v error -nostdin -i '%s' -f rawvideo -pix_fmt gray -", clip);
    struct motion *m = motion_new(NULL);
    FILE *pictures = length > 0 && (size_t)length < sizeof(command) ? popen(command, "r") : NULL;
    if (!m || !pictures) {
        motion_free(&m);
        return false;
    }
    while (picture_count < PICTURE_MAX && fread(luma, sizeof(luma), 1, pictures) == 1) {
        struct seen *s = &seen[picture_count];
        const int64_t captured_ns = (int64_t)picture_count * (1000000000 / RATE_HZ);
        s->count = motion_look(m, picture, captured_ns, s->boxes, BOX_MAX);
        picture_count++;
    }
    motion_free(&m);
    return pclose(pictures) == 0;
}

int main(void)
{
    const char *named = getenv("FRAMECAST_VTEST");
    const char *clip = named ? named : "/usr/share/doc/opencv-doc/examples/data/vtest.avi";
    if (access(clip, R_OK) != 0) {
        printf("skipped: no %s; install opencv-doc or set FRAMECAST_VTEST\n", clip);
        return SKIPPED;
    }
    if (system("ffmpeg -version >/dev/null 2>&1") != 0) {
        printf("skipped: no ffmpeg\n");
        return SKIPPED;
    }
    if (!look_at_clip(clip)) {
        printf("%s could not be decoded\n", clip);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_known_by_eye_are_followed),
        cmocka_unit_test(most_boxes_are_of_tracks_that_walk),
    };
    return cmocka_run_group_tests_name("walkers", tests, NULL, NULL);
}
