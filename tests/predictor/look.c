/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "predict/prediction_check.h"

/* The calls of a predictor, each judged. */

static pthread_mutex_t why_lock = PTHREAD_MUTEX_INITIALIZER;

bool check_fail(struct check *check, const char *format, ...)
{
    pthread_mutex_lock(&why_lock);
    if (!check->why[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(check->why, sizeof(check->why), format, args);
        va_end(args);
    }
    pthread_mutex_unlock(&why_lock);
    return false;
}

/* Where this thread's instance works, for as long as it lives. */
static const struct predictor_place *place_of_thread(void)
{
    static _Thread_local struct quota quota;
    static _Thread_local struct predictor_place place;
    quota = (struct quota){ .most = 100, .window_ns = NS_PER_S };
    place = (struct predictor_place){ .stream = "check", .stop_fd = -1, .quota = &quota };
    return &place;
}

bool check_open(struct check *check, void **instance)
{
    char why[PREDICTION_WHY_SIZE] = "";
    *instance = NULL;
    check_watch_extend(check->limit_ns);
    const int err = check->kind->open(instance, check->spec, place_of_thread(), why, sizeof(why));
    check_watch_extend(check->limit_ns);
    if (err) {
        *instance = NULL;
        return check_fail(check, "it cannot be opened: %s", why[0] ? why : strerror(abs(err)));
    }
    return *instance || check_fail(check, "open() succeeded without an instance");
}

void check_close(struct check *check, void **instance)
{
    check_watch_extend(check->limit_ns);
    check->kind->close(instance);
    check_watch_extend(check->limit_ns);
}

/* Every byte of the picture's own, at different places differently. */
static uint64_t sum_of(const struct picture *picture)
{
    uint64_t sum = 0;
    const unsigned planes =
        picture->format == PICTURE_JPEG || picture->format == PICTURE_GRAY ? 1 : 3;
    for (unsigned plane = 0; plane < planes; plane++) {
        const size_t bytes =
            picture->format == PICTURE_JPEG
                ? picture->bytes
                : picture->planes[plane].stride * picture_plane_height(picture, plane);
        for (size_t i = 0; i < bytes; i++) {
            sum = sum * 31 + picture->planes[plane].data[i];
        }
    }
    return sum;
}

static bool is_json(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    const bool is_value = value;
    json_decref(value);
    return is_value;
}

/* Whether what it says is within the rules. */
static bool judge(struct check *check, const struct picture *picture, struct prediction *said)
{
    char fault[PREDICTION_WHY_SIZE] = "";
    if (said->seq != picture->seq || said->captured_at_us != picture->captured_at_us ||
        said->width != picture->width || said->height != picture->height) {
        return check_fail(check, "picture %" PRIu64 ": its number, time or size was changed",
                          picture->seq);
    }
    if (prediction_check(said, fault, sizeof(fault)) > 0) {
        return check_fail(check, "picture %" PRIu64 ": %s", picture->seq, fault);
    }
    if (said->data && !is_json(said->data)) {
        return check_fail(check, "picture %" PRIu64 ": data is not JSON: %.64s", picture->seq,
                          said->data);
    }
    return true;
}

static bool judge_failure(struct check *check, const struct picture *picture, int err,
                          const char *why)
{
    if (err > 0) {
        return check_fail(check, "picture %" PRIu64 ": look() returned %d, which is no errno",
                          picture->seq, err);
    }
    return check_fail(check, "picture %" PRIu64 " of %ux%u %s: %s", picture->seq, picture->width,
                      picture->height, err == -EPIPE ? "ended it" : "failed",
                      why[0] ? why : strerror(-err));
}

static bool look(struct check *check, void *instance, struct picture *picture,
                 enum check_outcome outcome)
{
    struct prediction *said = calloc(1, sizeof(*said));
    if (!said) {
        return check_fail(check, "there is no memory for the check");
    }
    said->stream = "check";
    said->seq = picture->seq;
    said->captured_at_us = picture->captured_at_us;
    said->width = picture->width;
    said->height = picture->height;
    const uint64_t sum = sum_of(picture);

    check_watch_extend(check->limit_ns);
    const int64_t begin_ns = clock_steady_ns();
    const int err = check->kind->look(instance, picture, said);
    const int64_t took_ns = clock_steady_ns() - begin_ns;
    check_watch_extend(check->limit_ns);

    bool is_good = true;
    if (took_ns > check->deadline_ns) {
        is_good =
            check_fail(check, "picture %" PRIu64 " took %" PRId64 " ms, and has %" PRId64 " ms",
                       picture->seq, took_ns / NS_PER_MS, check->deadline_ns / NS_PER_MS);
    } else if (err > 0 || err == -EPIPE || (err && outcome == CHECK_SEEN)) {
        is_good = judge_failure(check, picture, err, said->why);
    } else if (!err) {
        is_good = judge(check, picture, said);
    }
    if (is_good && sum_of(picture) != sum) {
        is_good = check_fail(check, "picture %" PRIu64 ": it was written to", picture->seq);
    }
    free(said->data);
    free(said);
    return is_good;
}

bool check_look(struct check *check, void *instance, struct picture *picture,
                enum check_outcome outcome)
{
    if (!picture) {
        return check_fail(check, "there is no memory for a picture");
    }
    const bool is_good = look(check, instance, picture, outcome);
    picture_unref(&picture);
    return is_good;
}
