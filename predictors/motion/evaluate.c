/* SPDX-License-Identifier: MIT */

/* Looks at raw gray pictures on standard input and prints one JSON line per picture, then a
 * summary.
 *
 *   ffmpeg -i clip -f rawvideo -pix_fmt gray - | motion-evaluate 768 576 10
 *
 * Walkers, in the summary, are tracks that lived for five seconds, went a tenth of the picture's
 * width, and were of a person's size. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "motion.h"

enum { BOX_MAX = 64, LIFE_MAX = 4096 };

static const double LONG_S = 5.0;
static const float TRAVEL_MIN = 0.1f;        /* of the width */
static const float PERSON_AREA_MIN = 0.001f; /* of the picture, mean over a track's life */
static const float PERSON_AREA_MAX = 0.08f;
static const float PERSON_ASPECT_MIN = 1.2f; /* height to width, in pixels */
static const float PERSON_ASPECT_MAX = 5.0f;

struct life {
    uint32_t track;
    uint64_t picture_count, first, last;
    float x_min, x_max;
    double area_sum, aspect_sum;
};

struct tally {
    double rate_hz, width, height;
    uint64_t picture_count, box_count;
    double spent_ms, slowest_ms;
    size_t life_count;
    struct life lives[LIFE_MAX];
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct life *life_of(struct tally *tally, uint32_t track)
{
    for (size_t i = tally->life_count; i-- > 0;) {
        if (tally->lives[i].track == track) {
            return &tally->lives[i];
        }
    }
    if (tally->life_count == LIFE_MAX) {
        return NULL;
    }
    struct life *life = &tally->lives[tally->life_count++];
    *life = (struct life){
        .track = track,
        .first = tally->picture_count,
        .x_min = 1.0f,
    };
    return life;
}

static void count_box(struct tally *tally, const struct motion_box *box)
{
    struct life *life = life_of(tally, box->track);
    if (!life) {
        return;
    }
    const float x = box->x + box->width / 2.0f;
    life->last = tally->picture_count;
    life->picture_count++;
    life->x_min = x < life->x_min ? x : life->x_min;
    life->x_max = x > life->x_max ? x : life->x_max;
    life->area_sum += (double)(box->width * box->height);
    life->aspect_sum += (double)box->height * tally->height / ((double)box->width * tally->width);
}

static void print_boxes(uint64_t picture, double ms, const struct motion_box *boxes, size_t count)
{
    printf("{\"picture\":%llu,\"ms\":%.3f,\"boxes\":[", (unsigned long long)picture, ms);
    for (size_t i = 0; i < count; i++) {
        const struct motion_box *b = &boxes[i];
        printf("%s{\"track\":%u,\"x\":%.4f,\"y\":%.4f,\"w\":%.4f,\"h\":%.4f,\"score\":%.3f}",
               i ? "," : "", b->track, (double)b->x, (double)b->y, (double)b->width,
               (double)b->height, (double)b->score);
    }
    printf("]}\n");
}

static int is_walker(const struct tally *tally, const struct life *life)
{
    const double pictures = (double)life->picture_count;
    const double area = life->area_sum / pictures, aspect = life->aspect_sum / pictures;
    return (double)(life->last - life->first) >= LONG_S * tally->rate_hz &&
           life->x_max - life->x_min > TRAVEL_MIN && area >= (double)PERSON_AREA_MIN &&
           area <= (double)PERSON_AREA_MAX && aspect >= (double)PERSON_ASPECT_MIN &&
           aspect <= (double)PERSON_ASPECT_MAX;
}

static void print_summary(const struct tally *tally)
{
    unsigned walkers = 0, lasting = 0;
    for (size_t i = 0; i < tally->life_count; i++) {
        const struct life *life = &tally->lives[i];
        walkers += is_walker(tally, life) ? 1U : 0U;
        lasting += (double)(life->last - life->first) >= LONG_S * tally->rate_hz ? 1U : 0U;
    }
    const double pictures = tally->picture_count ? (double)tally->picture_count : 1.0;
    printf("{\"pictures\":%llu,\"boxes\":%llu,\"tracks\":%zu,\"tracks_5s\":%u,\"walkers_5s\":%u,"
           "\"ms_mean\":%.3f,\"ms_max\":%.3f}\n",
           (unsigned long long)tally->picture_count, (unsigned long long)tally->box_count,
           tally->life_count, lasting, walkers, tally->spent_ms / pictures, tally->slowest_ms);
}

/* Pictures of that size; the pixels of each are read into its memory, which is room. */
static void evaluate(struct tally *tally, struct motion *motion, struct raster picture,
                     uint8_t *room)
{
    struct motion_box boxes[BOX_MAX];
    while (fread(room, picture.width, picture.height, stdin) == picture.height) {
        const int64_t captured_ns = (int64_t)((double)tally->picture_count * 1e9 / tally->rate_hz);
        const int64_t begun_ns = now_ns();
        const size_t count = motion_look(motion, picture, captured_ns, boxes, BOX_MAX);
        const double ms = (double)(now_ns() - begun_ns) / 1e6;
        print_boxes(tally->picture_count, ms, boxes, count);
        for (size_t i = 0; i < count; i++) {
            count_box(tally, &boxes[i]);
        }
        tally->box_count += count;
        tally->spent_ms += ms;
        tally->slowest_ms = ms > tally->slowest_ms ? ms : tally->slowest_ms;
        tally->picture_count++;
    }
}

int main(int argc, char **argv)
{
    static struct tally tally;
    const uint32_t width = argc > 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const uint32_t height = argc > 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    tally.rate_hz = argc > 3 ? strtod(argv[3], NULL) : 0.0;
    tally.width = width;
    tally.height = height;
    if (!width || !height || width > 16384 || height > 16384 || !(tally.rate_hz > 0.0)) {
        fprintf(stderr, "usage: motion-evaluate width height pictures-per-second\n");
        return 2;
    }
    uint8_t *luma = malloc((size_t)width * height);
    struct motion *motion = motion_new(NULL);
    int status = 2;
    if (luma && motion) {
        const struct raster picture = {
            .data = luma,
            .stride = width,
            .width = width,
            .height = height,
        };
        evaluate(&tally, motion, picture, luma);
        print_summary(&tally);
        status = 0;
    }
    motion_free(&motion);
    free(luma);
    return status;
}
