/* SPDX-License-Identifier: MIT */
/*
 * The life of a source: its thread opens the instance, hands out what it reads, and when that fails
 * closes it, says so, shows a notice, waits and opens it again. Waiting is always in stop_wait(),
 * and what blocks in a library is ended by the kind once the stop is set.
 *
 *     CONNECTING ──picture──▶ UP ──failure──▶ DOWN ──picture──▶ UP …
 *          └──────failure────────────────────▶┘        END ──▶ ENDED
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "picture/notice.h"
#include "source/source_core.h"

#define RETRY_MIN_NS (250 * NS_PER_MS)
#define RETRY_MAX_NS NS_PER_S /* opening takes another second: pictures within three */
#define STALL_NS (10 * NS_PER_S)
#define NOTICE_EVERY_NS NS_PER_S
#define NOTICE_WIDTH 640
#define NOTICE_HEIGHT 360

const char *source_state_name(enum source_state state)
{
    static const char *const names[SOURCE_STATE_COUNT] = {
        [SOURCE_CONNECTING] = "connecting",
        [SOURCE_UP] = "up",
        [SOURCE_DOWN] = "down",
        [SOURCE_ENDED] = "ended",
    };
    assert(state < SOURCE_STATE_COUNT);
    return names[state];
}

void source_report(struct source *source, enum source_state state, const char *why)
{
    if (source->state == state && strcmp(source->why, why) == 0) {
        return;
    }
    source->state = state;
    snprintf(source->why, sizeof(source->why), "%s", why);
    source->notice_due_ns = 0; /* news is shown at once */
    source->sink.state(source->sink.ctx, state, source->why);
}

static void picture_set_times(struct picture *picture)
{
    picture->captured_ns = clock_steady_ns();
    picture->captured_at_us = clock_wall_us();
}

void source_give(struct source *source, struct picture *picture)
{
    picture_set_times(picture);
    if (!pace_take(&source->pace, picture->captured_ns)) {
        picture_unref(&picture);
        return;
    }
    if (source->state == SOURCE_DOWN) {
        atomic_fetch_add_explicit(&source->stats.restarts, 1, memory_order_relaxed);
    }
    source_report(source, SOURCE_UP, "");
    source->width = picture->width;
    source->height = picture->height;
    if (source->is_reopened && source->has_given) {
        picture->is_discontinuity = true;
    }
    source->is_reopened = false;
    source->has_given = true;
    atomic_fetch_add_explicit(&source->stats.pictures, 1, memory_order_relaxed);
    source->sink.picture(source->sink.ctx, picture);
}

void source_give_notice(struct source *source)
{
    const int64_t now_ns = clock_steady_ns();
    if (now_ns < source->notice_due_ns) {
        return;
    }
    source->notice_due_ns = now_ns + NOTICE_EVERY_NS;
    char title[SPEC_LABEL_SIZE + 32];
    snprintf(title, sizeof(title), "no picture from %s", source->label);
    struct picture *notice = picture_new_notice(source->width, source->height, title, source->why);
    if (notice) {
        picture_set_times(notice);
        source->sink.picture(source->sink.ctx, notice);
    }
}

static void count_corrupt(struct source *source, const char *why)
{
    atomic_fetch_add_explicit(&source->stats.corrupt, 1, memory_order_relaxed);
    log_debug("source", "picture skipped source='%s' why='%s'", source->label, why);
}

/* From opening to the end or a failure; 0 when it was stopped. */
static int source_session(struct source *source, char *why, size_t why_size)
{
    source->is_reopened = true;
    int err = source->kind->open(source->instance, &source->stop, why, why_size);
    while (err == 0 && !stop_is_set(&source->stop)) {
        struct picture *picture = NULL;
        err = source->kind->read(source->instance, &source->stop, &picture, why, why_size);
        if (picture) {
            assert(err == 0);
            source_give(source, picture);
        }
        if (err == SOURCE_CORRUPT) {
            count_corrupt(source, why);
            err = 0;
        }
    }
    source->kind->close(source->instance);
    return stop_is_set(&source->stop) ? 0 : err;
}

static void source_wait_down(struct source *source, int64_t until_ns)
{
    enum stop_wake wake = STOP_WAKE_TIME;
    do {
        source_give_notice(source);
        const int64_t next_ns = source->notice_due_ns < until_ns ? source->notice_due_ns : until_ns;
        wake = stop_wait(&source->stop, -1, next_ns);
    } while (wake == STOP_WAKE_TIME && clock_steady_ns() < until_ns);
}

static void *source_main(void *arg)
{
    struct source *source = arg;
    struct backoff backoff = { .min_ns = source->options.retry_min_ns,
                               .max_ns = source->options.retry_max_ns };
    source->state = SOURCE_STATE_COUNT; /* so that the first report is news */
    source_report(source, SOURCE_CONNECTING, "");

    while (!stop_is_set(&source->stop)) {
        const int64_t opened_ns = clock_steady_ns();
        char why[SOURCE_WHY_SIZE] = "";
        const int err = source_session(source, why, sizeof(why));
        if (err == SOURCE_END) {
            source_report(source, SOURCE_ENDED, why);
            break;
        }
        if (err == 0) {
            break;
        }
        if (why[0] == '\0') {
            snprintf(why, sizeof(why), "'%s' failed: %s", source->label, strerror(-err));
        }
        if (source->state == SOURCE_UP &&
            clock_steady_ns() - opened_ns > source->options.retry_max_ns) {
            backoff_reset(&backoff);
        }
        source_report(source, SOURCE_DOWN, why);
        source_wait_down(source, clock_steady_ns() + backoff_next(&backoff, UINT32_MAX));
    }
    return NULL;
}

static const struct source_kind *kind_find(const char *spec)
{
    for (unsigned i = 0; source_kinds[i]; i++) {
        if (source_kinds[i]->matches(spec)) {
            return source_kinds[i];
        }
    }
    return NULL;
}

static struct source_options options_resolve(const struct source_options *given)
{
    struct source_options options = *given;
    options.retry_min_ns = given->retry_min_ns ? given->retry_min_ns : RETRY_MIN_NS;
    options.retry_max_ns = given->retry_max_ns ? given->retry_max_ns : RETRY_MAX_NS;
    options.stall_ns = given->stall_ns ? given->stall_ns : STALL_NS;
    return options;
}

static int options_check(const struct source_options *options, char *why, size_t why_size)
{
    if (!options->spec || options->spec[0] == '\0') {
        snprintf(why, why_size, "a source is missing; try 'test'");
        return -EINVAL;
    }
    if (!(options->fps >= 0.0 && options->fps <= 1000.0)) {
        snprintf(why, why_size, "%g pictures a second are not possible; try 1 to 60", options->fps);
        return -EINVAL;
    }
    if (options->width > PICTURE_SIDE_MAX) {
        snprintf(why, why_size, "a width of %u pixels is too large; at most %d", options->width,
                 PICTURE_SIDE_MAX);
        return -EINVAL;
    }
    return 0;
}

static int instance_make(struct source *source, char *why, size_t why_size)
{
    source->kind = kind_find(source->options.spec);
    if (!source->kind) {
        snprintf(why, why_size, "'%s' is not a source this build knows", source->label);
        return -EINVAL;
    }
    return source->kind->make
               ? source->kind->make(&source->instance, &source->options, why, why_size)
               : 0;
}

int source_new(struct source **out, const struct source_options *options,
               const struct source_sink *sink, char *why, size_t why_size)
{
    int err = options_check(options, why, why_size);
    if (err) {
        return err;
    }
    struct source *source = calloc(1, sizeof(*source));
    if (!source) {
        return -ENOMEM;
    }
    source->stop.fd = -1;
    source->options = options_resolve(options);
    source->sink = *sink;
    source->width = NOTICE_WIDTH;
    source->height = NOTICE_HEIGHT;
    spec_label(options->spec, source->label);
    if (options->fps > 0 && !options->is_fast) {
        pace_init(&source->pace, (uint32_t)(options->fps * 1000));
    }

    err = stop_init(&source->stop);
    if (!err) {
        err = instance_make(source, why, why_size);
    }
    if (err) {
        source_free(&source);
        return err;
    }
    *out = source;
    return 0;
}

int source_start(struct source *source)
{
    assert(!source->has_thread);
    stop_clear(&source->stop);
    if (source_is_published(source)) {
        source->state = SOURCE_STATE_COUNT;
        source_report(source, SOURCE_CONNECTING, "waiting for a publisher");
        source_give_notice(source);
        atomic_store_explicit(&source->publishing, PUBLISHING_FREE, memory_order_release);
        return 0;
    }

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int err = pthread_create(&source->thread, NULL, source_main, source);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        return -err;
    }
    pthread_setname_np(source->thread, "source");
    source->has_thread = true;
    return 0;
}

void source_stop(struct source *source)
{
    atomic_store_explicit(&source->publishing, PUBLISHING_CLOSED, memory_order_release);
    stop_set(&source->stop);
    if (source->has_thread) {
        pthread_join(source->thread, NULL);
        source->has_thread = false;
    }
}

void source_free(struct source **psource)
{
    struct source *source = *psource;
    *psource = NULL;
    if (!source) {
        return;
    }
    if (source->stop.fd >= 0) {
        source_stop(source);
        stop_fini(&source->stop);
    }
    if (source->instance) {
        source->kind->free(&source->instance);
    }
    free(source);
}

const char *source_kind_name(const struct source *source)
{
    return source->kind->name;
}

const struct source_stats *source_stats(const struct source *source)
{
    return &source->stats;
}

bool source_is_published(const struct source *source)
{
    return source->kind == &published_kind;
}
