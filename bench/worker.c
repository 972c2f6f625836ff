/* SPDX-License-Identifier: MIT */
/*
 * worker [--check] HELPER_FOLDER [PICTURES]: what it takes to hand a 1280x720 picture to a worker
 * in Python as rgb24 and to have its answer back, where the worker computes nothing. One line of
 * JSON, milliseconds; with --check it fails when the median is over 0.5 ms.
 *
 * "look" is all of it, with the conversion, one picture after another; "paced" the same with a
 * pause before each, in which caches and processors turn to other things; "convert" is the
 * conversion alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/clock.h"
#include "predict/json_arena.h"
#include "predict/predictor_impl.h"
#include "predict/worker_shape.h"

#define PICTURES 500
#define WARM 50
#define LIMIT_MS 0.5
#define PACE_NS (5 * NS_PER_MS)

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *sorted, unsigned count, double part)
{
    return sorted[(unsigned)((count - 1) * part)];
}

static struct picture *picture_make(void)
{
    struct picture *picture = picture_new_planar(PICTURE_YUV420, 1280, 720);
    if (!picture) {
        exit(1);
    }
    picture->is_full_range = true;
    for (unsigned plane = 0; plane < 3; plane++) {
        uint8_t *data = picture_plane(picture, plane);
        const size_t bytes = picture->planes[plane].stride * picture_plane_height(picture, plane);
        for (size_t i = 0; i < bytes; i++) {
            data[i] = (uint8_t)(i * 7 + plane);
        }
    }
    return picture;
}

static void convert_measure(struct picture *picture, double *ms, unsigned count)
{
    struct worker_slots slots;
    struct worker_shaper *shaper = worker_shaper_new();
    const struct worker_wish wish = { .format = PIXEL_RGB24, .batch = 1 };
    struct worker_item item = { .slot = 0 };
    if (!shaper || worker_slots_open(&slots)) {
        exit(1);
    }
    for (unsigned i = 0; i < count; i++) {
        const int64_t begin_ns = clock_steady_ns();
        if (worker_shape(shaper, &wish, &slots, picture, &item)) {
            exit(1);
        }
        ms[i] = (double)(clock_steady_ns() - begin_ns) / 1e6;
    }
    worker_slots_close(&slots);
    worker_shaper_free(&shaper);
}

static void *worker_open(const char *folder)
{
    static struct quota quota = { .most = 20, .window_ns = NS_PER_S };
    static struct predictor_place place = { .stream = "bench", .quota = &quota };
    place.stop_fd = eventfd(0, EFD_CLOEXEC);
    char spec[1024], why[256] = "";
    snprintf(spec, sizeof(spec),
             "exec:PYTHONPATH='%s' exec /usr/bin/python3 -c 'import framecast_worker as worker; "
             "worker.run(lambda image: None)'",
             folder);
    void *instance = NULL;
    if (predictor_kind_worker.open(&instance, spec, &place, why, sizeof(why))) {
        fprintf(stderr, "worker: %s\n", why);
        exit(1);
    }
    return instance;
}

static void look_measure(void *instance, struct picture *picture, int64_t pause_ns, double *ms,
                         unsigned count)
{
    static struct prediction out;
    for (unsigned i = 0; i < count + WARM; i++) {
        picture->seq = i + 1;
        out.object_count = 0;
        const int64_t begin_ns = clock_steady_ns();
        if (predictor_kind_worker.look(instance, picture, &out)) {
            fprintf(stderr, "worker: %s\n", out.why);
            exit(1);
        }
        if (i >= WARM) {
            ms[i - WARM] = (double)(clock_steady_ns() - begin_ns) / 1e6;
        }
        if (pause_ns > 0) {
            nanosleep(&(struct timespec){ .tv_nsec = pause_ns }, NULL);
        }
    }
}

static void report(const char *name, double *ms, unsigned count)
{
    qsort(ms, count, sizeof(*ms), compare);
    printf(",\"%s_ms\":{\"p50\":%.3f,\"p99\":%.3f}", name, quantile(ms, count, 0.5),
           quantile(ms, count, 0.99));
}

int main(int argc, char **argv)
{
    const bool is_check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc < 2 + is_check) {
        fprintf(stderr, "usage: worker [--check] HELPER_FOLDER [PICTURES]\n");
        return 2;
    }
    const int wanted = argc > 2 + is_check ? atoi(argv[2 + is_check]) : PICTURES;
    const unsigned count = wanted > 0 && wanted < 100000 ? (unsigned)wanted : PICTURES;
    json_arena_install();
    signal(SIGPIPE, SIG_IGN);
    double *ms = calloc(count, sizeof(*ms));
    struct picture *picture = picture_make();
    if (!ms) {
        return 1;
    }
    printf("{\"bench\":\"worker\",\"pictures\":%u", count);
    convert_measure(picture, ms, count);
    report("convert", ms, count);
    void *instance = worker_open(argv[1 + is_check]);
    look_measure(instance, picture, PACE_NS, ms, count);
    report("paced", ms, count);
    look_measure(instance, picture, 0, ms, count);
    report("look", ms, count);
    puts("}");
    predictor_kind_worker.close(&instance);
    const bool is_good = quantile(ms, count, 0.5) <= LIMIT_MS;
    picture_unref(&picture);
    free(ms);
    return is_check && !is_good ? 1 : 0;
}
