/* SPDX-License-Identifier: MIT */
#include "predict/tracker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "predictors/motion/motion.h"

/*
 * The boxes that `motion` finds in a clip of pedestrians, with their tracks taken away and some of
 * them with them, as from a detector that has none. Whoever motion followed for 5 s must be the
 * same one here.
 */

enum { WIDTH = 768, HEIGHT = 576, RATE_HZ = 10, PICTURE_MAX = 800, BOX_MAX = 64, TRACK_MAX = 4096 };
enum { SKIPPED = 77, LONG_PICTURES = 5 * RATE_HZ, WALKERS_MIN = 4 };

static struct seen {
    size_t count;
    struct motion_box boxes[BOX_MAX];
} seen[PICTURE_MAX];

static uint32_t picture_count;

static bool look_at_clip(const char *clip)
{
    static uint8_t luma[WIDTH * HEIGHT];
    const struct raster picture = {
        .data = luma, .stride = WIDTH, .width = WIDTH, .height = HEIGHT
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

/* How often a motion's track got which of the tracker's, by both numbers. */
static uint16_t votes[TRACK_MAX][TRACK_MAX];
static uint16_t lives[TRACK_MAX]; /* boxes of a motion's track that the tracker was shown */
static uint32_t first_seen[TRACK_MAX], last_seen[TRACK_MAX];

/* One box in `missed_of` is kept from the tracker, and of the pictures every step-th only is shown.
 */
static void follow(unsigned step, unsigned missed_of)
{
    static struct prediction prediction;
    memset(votes, 0, sizeof(votes));
    memset(lives, 0, sizeof(lives));
    struct tracker *tracker = tracker_new(NULL);
    assert_non_null(tracker);
    uint32_t random = 1;
    for (uint32_t n = 0; n < picture_count; n += step) {
        uint32_t theirs[BOX_MAX];
        prediction.object_count = 0;
        for (size_t i = 0; i < seen[n].count; i++) {
            const struct motion_box *box = &seen[n].boxes[i];
            random = random * 1664525u + 1013904223u;
            if (missed_of && (random >> 8) % missed_of == 0) {
                continue;
            }
            theirs[prediction.object_count] = box->track;
            prediction.objects[prediction.object_count++] = (struct prediction_object){
                .label = "moving",
                .score = box->score,
                .x = box->x,
                .y = box->y,
                .width = box->width,
                .height = box->height,
            };
        }
        tracker_look(tracker, &prediction, (int64_t)n * (1000000000 / RATE_HZ));
        for (size_t i = 0; i < prediction.object_count; i++) {
            assert_in_range(prediction.objects[i].track, 1, TRACK_MAX - 1);
            assert_in_range(theirs[i], 1, TRACK_MAX - 1);
            votes[theirs[i]][prediction.objects[i].track]++;
            first_seen[theirs[i]] = lives[theirs[i]]++ ? first_seen[theirs[i]] : n;
            last_seen[theirs[i]] = n;
        }
    }
    tracker_free(&tracker);
}

/* Of those followed for long, how many have one of our tracks in nine boxes of ten. */
static void check_walkers(unsigned step, unsigned missed_of)
{
    follow(step, missed_of);
    unsigned walkers = 0, kept = 0;
    for (uint32_t i = 1; i < TRACK_MAX; i++) {
        if (lives[i] == 0 || last_seen[i] - first_seen[i] < LONG_PICTURES) {
            continue;
        }
        unsigned most = 0;
        for (uint32_t k = 1; k < TRACK_MAX; k++) {
            most = votes[i][k] > most ? votes[i][k] : most;
        }
        walkers++;
        kept += most * 10 >= lives[i] * 9u;
        if (most * 10 < lives[i] * 9u) {
            printf("track %u of motion: the same here in %u of %u boxes\n", i, most, lives[i]);
        }
    }
    printf("one picture in %u, %u of 100 boxes missed: %u of %u are followed\n", step,
           missed_of ? 100 / missed_of : 0, kept, walkers);
    assert_true(walkers >= WALKERS_MIN);
    assert_true(kept * 10 >= walkers * 8);
}

static void walkers_keep_their_tracks(void **state)
{
    (void)state;
    check_walkers(1, 0);
}

static void walkers_keep_them_at_half_the_rate(void **state)
{
    (void)state;
    check_walkers(2, 0);
}

static void walkers_keep_them_when_boxes_are_missed(void **state)
{
    (void)state;
    check_walkers(1, 5);
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
        cmocka_unit_test(walkers_keep_their_tracks),
        cmocka_unit_test(walkers_keep_them_at_half_the_rate),
        cmocka_unit_test(walkers_keep_them_when_boxes_are_missed),
    };
    return cmocka_run_group_tests_name("predict/tracker_walkers", tests, NULL, NULL);
}
