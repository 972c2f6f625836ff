/* SPDX-License-Identifier: MIT */
#include "predict/predictor_threads.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "predict/prediction_check.h"

/*
 * Threads, each with an instance of its own:
 *
 *     offer ──▶ inbox (newest) ──▶ a thread looks ──▶ turns (picture order) ──▶ sink
 *
 * A thread that is done before an earlier picture's waits for it, so pictures in flight are at most
 * the threads, and results need no store but the one that each has from the start.
 *
 * An instance that cannot be opened, or is lost, is tried again, after 1 s, 2 s, … 30 s, anew from
 * 1 s after a picture that went well. A picture that fails is counted; the log has one line when it
 * begins and one when none has failed for some time.
 */

#define WHY_SIZE 256
#define LINES_MAX 40             /* of what others write, in the log, */
#define LINES_NS (60 * NS_PER_S) /* in this time, for each instance */

static void state_enter(struct predictor *predictor, enum predictor_state next)
{
    if (atomic_exchange(&predictor->state, next) != next && predictor->sink.changed) {
        predictor->sink.changed(predictor->sink.ctx);
    }
}

static void looker_close(struct looker *looker)
{
    if (looker->instance) {
        looker->predictor->kind->close(&looker->instance);
        looker->instance = NULL;
        atomic_fetch_sub(&looker->predictor->open_count, 1);
    }
}

/* Wait before the next try; false once stopped. */
static bool looker_back_off(struct looker *looker)
{
    struct predictor *predictor = looker->predictor;
    if (atomic_load(&predictor->open_count) == 0) {
        state_enter(predictor, PREDICTOR_DOWN);
    }
    const int64_t pause_ns = looker->retry_ns;
    looker->retry_ns =
        pause_ns < predictor->retry_max_ns / 2 ? pause_ns * 2 : predictor->retry_max_ns;
    return inbox_pause(&predictor->inbox, pause_ns);
}

static bool looker_open(struct looker *looker)
{
    struct predictor *predictor = looker->predictor;
    for (;;) {
        char why[WHY_SIZE] = "";
        const int err = predictor->kind->open(&looker->instance, predictor->spec, &looker->place,
                                              why, sizeof(why));
        if (!err) {
            break;
        }
        looker->instance = NULL;
        if (err == -ECANCELED) {
            return false;
        }
        if (atomic_load(&predictor->open_count) == 0 &&
            atomic_exchange(&predictor->told, TOLD_DOWN) != TOLD_DOWN) {
            log_warn("predict", "predictor is down stream=%s name=%s why=\"%s\"",
                     predictor->sink.stream, predictor->traits.name, why[0] ? why : strerror(-err));
        }
        if (!looker_back_off(looker)) {
            return false;
        }
    }
    atomic_fetch_add(&predictor->open_count, 1);
    state_enter(predictor, PREDICTOR_RUNNING);
    if (atomic_exchange(&predictor->told, TOLD_RUNNING) != TOLD_RUNNING) {
        log_info("predict", "predictor is running stream=%s name=%s", predictor->sink.stream,
                 predictor->traits.name);
    }
    return true;
}

static void note_failure(struct predictor *predictor, const struct prediction *failed, int err)
{
    predictor_count(&predictor->stats.failed);
    if (atomic_exchange(&predictor->failed_ns, clock_steady_ns()) == 0) {
        log_warn("predict", "pictures fail stream=%s name=%s from=%" PRIu64 " why=\"%s\"",
                 predictor->sink.stream, predictor->traits.name, failed->seq,
                 failed->why[0] ? failed->why : strerror(-err));
    }
}

/* Put right what a predictor said, and say so once. */
static void check(struct predictor *predictor, struct prediction *prediction)
{
    char why[PREDICTION_WHY_SIZE];
    const size_t faults = prediction_check(prediction, why, sizeof(why));
    if (faults > 0 && !atomic_exchange(&predictor->has_faults, true)) {
        log_warn("predict",
                 "objects are not as they should be stream=%s name=%s seq=%" PRIu64
                 " faults=%zu first=\"%s\"",
                 predictor->sink.stream, predictor->traits.name, prediction->seq, faults, why);
    }
}

static void note_success(struct looker *looker, uint64_t seq)
{
    struct predictor *predictor = looker->predictor;
    looker->retry_ns = predictor->retry_min_ns;
    predictor_count(&predictor->stats.seen);
    int64_t failed_ns = atomic_load(&predictor->failed_ns);
    if (failed_ns && clock_steady_ns() - failed_ns >= predictor->calm_ns &&
        atomic_compare_exchange_strong(&predictor->failed_ns, &failed_ns, 0)) {
        log_info("predict",
                 "pictures no longer fail stream=%s name=%s seq=%" PRIu64 " failed=%" PRIu64
                 " restarts=%" PRIu64,
                 predictor->sink.stream, predictor->traits.name, seq,
                 atomic_load(&predictor->stats.failed), atomic_load(&predictor->stats.restarts));
    }
    if (atomic_load(&predictor->state) != PREDICTOR_RUNNING) {
        state_enter(predictor, PREDICTOR_RUNNING); /* another looker's loss came in between */
    }
}

/* Show what was found to those who look closer. In turn. */
static void show_followers(struct predictor *predictor, struct picture *picture,
                           const struct prediction *prediction)
{
    pthread_mutex_lock(&predictor->lock);
    const unsigned count = predictor->follower_count;
    pthread_mutex_unlock(&predictor->lock);
    const size_t size = prediction->object_count * sizeof(prediction->objects[0]);
    for (unsigned i = 0; i < count; i++) {
        struct found *found = malloc(sizeof(*found) + size);
        if (!found) {
            predictor_count(&predictor->followers[i]->stats.skipped);
            continue;
        }
        found->count = prediction->object_count;
        memcpy(found->objects, prediction->objects, size);
        predictor_put(predictor->followers[i], picture, found);
    }
}

static void note_times(struct predictor *predictor, const struct prediction *prediction,
                       int64_t wait_ns, int64_t look_ns)
{
    histogram_add(&predictor->stats.wait, wait_ns);
    histogram_add(&predictor->stats.convert, prediction->convert_ns);
    histogram_add(&predictor->stats.run, look_ns - prediction->convert_ns);
    histogram_add(&predictor->stats.latency, prediction->latency_ns);
}

static void prediction_begin(struct prediction *prediction, const char *stream,
                             const struct picture *picture)
{
    prediction->stream = stream;
    prediction->seq = picture->seq;
    prediction->captured_at_us = picture->captured_at_us;
    prediction->width = picture->width;
    prediction->height = picture->height;
    prediction->object_count = 0;
    prediction->convert_ns = 0;
    prediction->data = NULL;
    prediction->why[0] = '\0';
}

/* Give a result out when its turn comes, or count the failure. */
static void looker_deliver(struct looker *looker, struct lens_shot *shot, uint64_t ticket,
                           int64_t begin_ns, int64_t end_ns)
{
    struct predictor *predictor = looker->predictor;
    struct prediction *prediction = shot->out;
    struct picture *picture = shot->item.picture;
    prediction->latency_ns = end_ns - picture->captured_ns;
    if (!shot->err) {
        check(predictor, prediction);
    }
    turns_wait(&predictor->turns, ticket);
    if (shot->err == -ECANCELED) {
        predictor_count(&predictor->stats.skipped);
    } else if (shot->err) {
        note_failure(predictor, prediction, shot->err);
    } else {
        note_times(predictor, prediction, begin_ns - shot->item.put_ns, end_ns - begin_ns);
        note_success(looker, picture->seq);
        if (predictor->tracker) {
            tracker_look(predictor->tracker, prediction, picture->captured_ns);
        }
        predictor->sink.predicted(predictor->sink.ctx, prediction);
        show_followers(predictor, picture, prediction);
    }
    turns_pass(&predictor->turns, ticket);
    free(prediction->data);
}

/* Look at items and give the results out. 0, or -EPIPE when the instance is lost. */
static int looker_look(struct looker *looker, struct lens_shot *shots, const uint64_t *tickets,
                       size_t count)
{
    struct predictor *predictor = looker->predictor;
    for (size_t i = 0; i < count; i++) {
        shots[i].out = looker->predictions[i];
        prediction_begin(shots[i].out, predictor->sink.stream, shots[i].item.picture);
    }
    const int64_t begin_ns = clock_steady_ns();
    if (count == 1) {
        shots[0].err = lens_look(looker->lens, predictor->kind, looker->instance, &shots[0].item,
                                 shots[0].out);
    } else {
        lens_look_batch(looker->lens, predictor->kind, looker->instance, shots, count);
    }
    const int64_t end_ns = clock_steady_ns();
    bool is_lost = false;
    for (size_t i = 0; i < count; i++) {
        looker_deliver(looker, &shots[i], tickets[i], begin_ns, end_ns);
        is_lost = is_lost || shots[i].err == -EPIPE;
    }
    return is_lost ? -EPIPE : 0;
}

/* Wait for an item, and take what waits with it as far as the instance wants. 0: stopped. */
static size_t looker_take(struct looker *looker, struct lens_shot *shots, uint64_t *tickets)
{
    struct inbox *inbox = &looker->predictor->inbox;
    size_t count = inbox_take(inbox, &shots[0].item, &tickets[0]);
    while (count > 0 && count < looker->batch && looker->predictions[count] &&
           inbox_take_if_any(inbox, &shots[count].item, &tickets[count])) {
        count++;
    }
    return count;
}

/* Look at pictures until stopped: false; or until the instance is lost: true. */
static bool looker_serve(struct looker *looker)
{
    int err = 0;
    while (err != -EPIPE) {
        uint64_t tickets[PREDICTOR_BATCH_MAX];
        struct lens_shot shots[PREDICTOR_BATCH_MAX];
        const size_t count = looker_take(looker, shots, tickets);
        if (count == 0) {
            return false;
        }
        err = looker_look(looker, shots, tickets, count);
        for (size_t i = 0; i < count; i++) {
            inbox_item_free(&shots[i].item);
        }
    }
    return true;
}

/*
 * How many pictures the new instance takes at once, and room for that many: without memory for
 * more, fewer. Who looks at what others found looks at one picture's boxes at a time.
 */
static void looker_batch_set(struct looker *looker)
{
    struct predictor *predictor = looker->predictor;
    looker->batch = 1;
    if (predictor->kind->batch && !predictor->is_follower) {
        looker->batch = predictor->kind->batch(looker->instance);
        assert(looker->batch > 0 && looker->batch <= PREDICTOR_BATCH_MAX);
    }
    for (unsigned i = 0; i < looker->batch; i++) {
        if (!looker->predictions[i]) {
            looker->predictions[i] = calloc(1, sizeof(*looker->predictions[i]));
        }
    }
    inbox_grow(&predictor->inbox, looker->batch);
}

static void *looker_main(void *arg)
{
    struct looker *looker = arg;
    bool goes_on = true;
    while (goes_on && looker_open(looker)) {
        looker_batch_set(looker);
        const bool is_lost = looker_serve(looker);
        looker_close(looker);
        if (is_lost) {
            predictor_count(&looker->predictor->stats.restarts);
        }
        goes_on = is_lost && looker_back_off(looker);
    }
    return NULL;
}

/* Signals stay with the threads that wait for them. */
int predictor_threads_start(struct predictor *predictor, unsigned wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = 0;
    while (predictor->looker_count < wanted && !err) {
        struct looker *looker = &predictor->lookers[predictor->looker_count];
        looker->predictor = predictor;
        looker->retry_ns = predictor->retry_min_ns;
        looker->quota = (struct quota){ .most = LINES_MAX, .window_ns = LINES_NS };
        looker->place = (struct predictor_place){ .stream = predictor->sink.stream,
                                                  .stop_fd = predictor->stop_fd,
                                                  .quota = &looker->quota,
                                                  .said = &predictor->said };
        err = pthread_create(&looker->thread, NULL, looker_main, looker);
        if (!err) {
            pthread_setname_np(looker->thread, "predict");
            predictor->looker_count++;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}
