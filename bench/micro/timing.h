/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MICRO_TIMING_H
#define BENCH_MICRO_TIMING_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * How a micro benchmark measures: REPETITIONS runs of one or two milliseconds each, the median of
 * them reported. Others at work on the machine make single runs slow, hardly ever half of them.
 */

enum { REPETITIONS = 11, RUN_NS = 1000000, TRIES = 5 };

/** One case: work() handles size bytes at data once; context is the case's own. */
struct timed {
    const char *bench;
    const char *variant;
    const char *kind; /* of data */
    unsigned char *data;
    size_t size;
    double floor; /* GB/s that --check asks for; 0: none */
    void (*work)(const struct timed *timed);
};

static inline double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static inline double run_ns(const struct timed *timed, long count)
{
    const double begin = now_ns();
    for (long i = 0; i < count; i++) {
        timed->work(timed);
    }
    return now_ns() - begin;
}

static inline int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median_gb_per_s(const struct timed *timed)
{
    long count = 1;
    while (run_ns(timed, count) < RUN_NS) {
        count *= 2;
    }
    double gb_per_s[REPETITIONS];
    for (size_t i = 0; i < REPETITIONS; i++) {
        gb_per_s[i] = (double)timed->size * (double)count / run_ns(timed, count);
    }
    qsort(gb_per_s, REPETITIONS, sizeof(gb_per_s[0]), by_size);
    return gb_per_s[REPETITIONS / 2];
}

/** Measure and print one line; false when the floor is asked for and was missed in every try. */
static inline bool report(const struct timed *timed, bool check)
{
    double gb_per_s = median_gb_per_s(timed);
    for (int i = 1; check && i < TRIES && gb_per_s < timed->floor; i++) {
        gb_per_s = median_gb_per_s(timed);
    }
    printf("{\"bench\":\"%s\",\"variant\":\"%s\",\"kind\":\"%s\",\"size\":%zu,"
           "\"gb_per_s\":%.2f}\n",
           timed->bench, timed->variant, timed->kind, timed->size, gb_per_s);
    if (check && gb_per_s < timed->floor) {
        fprintf(stderr, "%s: %s, %zu bytes: under %.1f GB/s\n", timed->bench, timed->kind,
                timed->size, timed->floor);
        return false;
    }
    return true;
}

static inline bool wants_check(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--check") == 0;
}

#endif
