/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * `test` or `test:MILLISECONDS`, for trying things out: looks at nothing, takes that long about it,
 * and says where an object would be that crosses the picture once in a hundred pictures. The same
 * seq gives the same prediction, so whoever receives it can check it.
 */

#define DURATION_MAX_MS 5000
#define STEPS 100
#define BOX_WIDTH 0.2f

static bool duration_parse(const char *spec, long *ms)
{
    const char *digits = spec + strlen("test");
    if (*digits == '\0') {
        *ms = 0;
        return true;
    }
    char *end = NULL;
    *ms = strtol(digits + 1, &end, 10);
    return digits[1] >= '0' && digits[1] <= '9' && *end == '\0' && *ms <= DURATION_MAX_MS;
}

static bool test_matches(const char *spec)
{
    return strcmp(spec, "test") == 0 || strncmp(spec, "test:", strlen("test:")) == 0;
}

static bool test_check(const char *spec, char *why, size_t why_size)
{
    long ms;
    if (duration_parse(spec, &ms)) {
        return true;
    }
    snprintf(why, why_size, "'%.64s' is no duration: test:MILLISECONDS takes 0 to %d", spec,
             DURATION_MAX_MS);
    return false;
}

static int test_open(void **instance, const char *spec, const struct predictor_place *place,
                     char *why, size_t why_size)
{
    (void)place;
    if (!test_check(spec, why, why_size)) {
        return -EINVAL;
    }
    struct timespec *duration = malloc(sizeof(*duration));
    if (!duration) {
        return -ENOMEM;
    }
    long ms = 0;
    (void)duration_parse(spec, &ms);
    *duration = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    *instance = duration;
    return 0;
}

static int test_look(void *instance, struct picture *picture, struct prediction *out)
{
    const struct timespec *duration = instance;
    nanosleep(duration, NULL);
    if (asprintf(&out->data, "{\"seq\":%" PRIu64 "}", picture->seq) < 0) {
        out->data = NULL;
        return -ENOMEM;
    }
    out->objects[0] = (struct prediction_object){
        .label = "test",
        .score = 1.0f,
        .x = (float)(picture->seq % STEPS) * (1.0f - BOX_WIDTH) / STEPS,
        .y = 0.4f,
        .width = BOX_WIDTH,
        .height = 0.2f,
        .track = (uint32_t)(picture->seq / STEPS % UINT32_MAX) + 1,
    };
    out->object_count = 1;
    return 0;
}

static void test_close(void **instance)
{
    free(*instance);
    *instance = NULL;
}

const struct predictor_kind predictor_kind_test = {
    .name = "test",
    .form = "test:MILLISECONDS",
    .matches = test_matches,
    .check = test_check,
    .open = test_open,
    .look = test_look,
    .close = test_close,
    .parallel_max = 1,
};
