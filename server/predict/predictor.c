/* SPDX-License-Identifier: MIT */
#include "predict/predictor.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pace.h"
#include "predict/inbox.h"
#include "predict/lens.h"
#include "predict/prediction_check.h"
#include "predict/predictor_impl.h"
#include "predict/tracker.h"
#include "predict/turns.h"

/*
 * Threads, each with an instance of its own:
 *
 *     offer ──▶ inbox (newest) ──▶ worker: look ──▶ turns (picture order) ──▶ sink
 *
 * A worker that is done before an earlier picture's waits for it, so pictures in flight are at most
 * the workers, and results need no store but the one that each worker has from the start.
 *
 * An instance that cannot be opened, or is lost, is tried again, after 1 s, 2 s, … 30 s, anew from
 * 1 s after a picture that went well. A picture that fails is counted; the log has one line when it
 * begins and one when none has failed for some time.
 */

#define THREADS_MAX 64
#define RETRY_MIN_NS (1 * NS_PER_S)
#define RETRY_MAX_NS (30 * NS_PER_S)
#define WHY_SIZE 256
#define CALM_NS (10 * NS_PER_S)     /* without a failure: they are over */
#define LINES_MAX 40                /* of what others write, in the log, */
#define LINES_NS (60 * NS_PER_S)    /* in this time, for each instance */
#define PATIENCE_NS (10 * NS_PER_S) /* for a source that waits */

/* Its own thread only, but for thread. */
struct worker {
    struct predictor *predictor;
    pthread_t thread;
    void *instance; /* NULL while it cannot be opened */
    int64_t retry_ns;
    struct lens *lens; /* owned */
    struct quota quota;
    struct predictor_place place;
    struct prediction prediction;
};

/* What the log was last told of the instances. */
enum told { TOLD_NOTHING, TOLD_DOWN, TOLD_RUNNING };

struct predictor {
    const struct predictor_kind *kind;
    struct predictor_traits traits;
    char *spec;
    struct predictor_sink sink;
    int64_t retry_min_ns, retry_max_ns;
    struct predictor_stats stats;
    _Atomic enum predictor_state state;
    _Atomic unsigned open_count; /* instances */
    _Atomic bool has_faults;     /* what it said had to be put right */
    _Atomic enum told told;
    _Atomic int64_t failed_ns; /* the last picture that failed; 0: the log was told of the end */
    int stop_fd;               /* eventfd */
    struct inbox inbox;
    struct pace pace; /* of whoever offers */
    struct turns turns;
    pthread_mutex_t lock; /* guards the followers, who come while it runs */
    struct predictor *followers[PREDICTOR_FOLLOWERS_MAX]; /* borrowed */
    unsigned follower_count;
    struct tracker *tracker; /* owned; NULL: not asked for. Of whose turn it is */
    unsigned lens_count;
    unsigned worker_count; /* running */
    struct worker workers[];
};

static void state_enter(struct predictor *predictor, enum predictor_state next)
{
    if (atomic_exchange(&predictor->state, next) != next && predictor->sink.changed) {
        predictor->sink.changed(predictor->sink.ctx);
    }
}

static void count_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Put a picture into the inbox, with what was found in it (takes that; may be NULL). */
static void offer(struct predictor *predictor, struct picture *picture, struct found *found)
{
    assert(!picture->is_notice);
    if (!pace_take(&predictor->pace, picture->captured_ns)) {
        free(found);
        return;
    }
    struct inbox_item left_out = inbox_put(
        &predictor->inbox, (struct inbox_item){ .picture = picture_ref(picture), .found = found });
    if (left_out.picture) {
        count_one(&predictor->stats.skipped);
        inbox_item_free(&left_out);
    }
}

static void worker_close(struct worker *worker)
{
    if (worker->instance) {
        worker->predictor->kind->close(&worker->instance);
        worker->instance = NULL;
        atomic_fetch_sub(&worker->predictor->open_count, 1);
    }
}

/* Wait before the next try; false once stopped. */
static bool worker_back_off(struct worker *worker)
{
    struct predictor *predictor = worker->predictor;
    if (atomic_load(&predictor->open_count) == 0) {
        state_enter(predictor, PREDICTOR_DOWN);
    }
    const int64_t pause_ns = worker->retry_ns;
    worker->retry_ns =
        pause_ns < predictor->retry_max_ns / 2 ? pause_ns * 2 : predictor->retry_max_ns;
    return inbox_pause(&predictor->inbox, pause_ns);
}

static bool worker_open(struct worker *worker)
{
    struct predictor *predictor = worker->predictor;
    for (;;) {
        char why[WHY_SIZE] = "";
        const int err = predictor->kind->open(&worker->instance, predictor->spec, &worker->place,
                                              why, sizeof(why));
        if (!err) {
            break;
        }
        worker->instance = NULL;
        if (atomic_load(&predictor->open_count) == 0 &&
            atomic_exchange(&predictor->told, TOLD_DOWN) != TOLD_DOWN) {
            log_warn("predict", "predictor is down stream=%s name=%s why=\"%s\"",
                     predictor->sink.stream, predictor->traits.name, why[0] ? why : strerror(-err));
        }
        if (!worker_back_off(worker)) {
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
    count_one(&predictor->stats.failed);
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

static void note_success(struct worker *worker, uint64_t seq)
{
    struct predictor *predictor = worker->predictor;
    worker->retry_ns = predictor->retry_min_ns;
    count_one(&predictor->stats.seen);
    int64_t failed_ns = atomic_load(&predictor->failed_ns);
    if (failed_ns && clock_steady_ns() - failed_ns >= CALM_NS &&
        atomic_compare_exchange_strong(&predictor->failed_ns, &failed_ns, 0)) {
        log_info("predict",
                 "pictures no longer fail stream=%s name=%s seq=%" PRIu64 " failed=%" PRIu64
                 " restarts=%" PRIu64,
                 predictor->sink.stream, predictor->traits.name, seq,
                 atomic_load(&predictor->stats.failed), atomic_load(&predictor->stats.restarts));
    }
    if (atomic_load(&predictor->state) != PREDICTOR_RUNNING) {
        state_enter(predictor, PREDICTOR_RUNNING); /* another worker's loss came in between */
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
            count_one(&predictor->followers[i]->stats.skipped);
            continue;
        }
        found->count = prediction->object_count;
        memcpy(found->objects, prediction->objects, size);
        offer(predictor->followers[i], picture, found);
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

/* Look at one item and give the result out when its turn comes. 0 or -errno. */
static int worker_look(struct worker *worker, const struct inbox_item *item, uint64_t ticket)
{
    struct picture *picture = item->picture;
    struct predictor *predictor = worker->predictor;
    struct prediction *prediction = &worker->prediction;
    prediction->stream = predictor->sink.stream;
    prediction->seq = picture->seq;
    prediction->captured_at_us = picture->captured_at_us;
    prediction->width = picture->width;
    prediction->height = picture->height;
    prediction->object_count = 0;
    prediction->convert_ns = 0;
    prediction->data = NULL;
    prediction->why[0] = '\0';

    const int64_t begin_ns = clock_steady_ns();
    const int err = lens_look(worker->lens, predictor->kind, worker->instance, item, prediction);
    const int64_t end_ns = clock_steady_ns();
    prediction->latency_ns = end_ns - picture->captured_ns;
    if (!err) {
        check(predictor, prediction);
    }

    turns_wait(&predictor->turns, ticket);
    if (err) {
        note_failure(predictor, prediction, err);
    } else {
        note_times(predictor, prediction, begin_ns - item->put_ns, end_ns - begin_ns);
        note_success(worker, picture->seq);
        if (predictor->tracker) {
            tracker_look(predictor->tracker, prediction, picture->captured_ns);
        }
        predictor->sink.predicted(predictor->sink.ctx, prediction);
        show_followers(predictor, picture, prediction);
    }
    turns_pass(&predictor->turns, ticket);
    free(prediction->data);
    return err;
}

/* Look at pictures until stopped: false; or until the instance is lost: true. */
static bool worker_serve(struct worker *worker)
{
    int err = 0;
    while (err != -EPIPE) {
        uint64_t ticket;
        struct inbox_item item;
        if (!inbox_take(&worker->predictor->inbox, &item, &ticket)) {
            return false;
        }
        err = worker_look(worker, &item, ticket);
        inbox_item_free(&item);
    }
    return true;
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    bool goes_on = true;
    while (goes_on && worker_open(worker)) {
        const bool is_lost = worker_serve(worker);
        worker_close(worker);
        if (is_lost) {
            count_one(&worker->predictor->stats.restarts);
        }
        goes_on = is_lost && worker_back_off(worker);
    }
    return NULL;
}

/* Signals stay with the threads that wait for them. */
static int workers_start(struct predictor *predictor, unsigned wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = 0;
    while (predictor->worker_count < wanted && !err) {
        struct worker *worker = &predictor->workers[predictor->worker_count];
        worker->predictor = predictor;
        worker->retry_ns = predictor->retry_min_ns;
        worker->quota = (struct quota){ .most = LINES_MAX, .window_ns = LINES_NS };
        worker->place = (struct predictor_place){ .stream = predictor->sink.stream,
                                                  .stop_fd = predictor->stop_fd,
                                                  .quota = &worker->quota };
        err = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (!err) {
            pthread_setname_np(worker->thread, "predict");
            predictor->worker_count++;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

static struct predictor_traits traits_resolve(const struct predictor_kind *kind,
                                              const struct predictor_options *options)
{
    struct predictor_traits traits = { .parallel_max = kind->parallel_max };
    snprintf(traits.name, sizeof(traits.name), "%s", kind->name);
    if (kind->describe) {
        kind->describe(options->spec, &traits);
    }
    if (options->name && options->name[0]) {
        snprintf(traits.name, sizeof(traits.name), "%s", options->name);
    }
    return traits;
}

static unsigned threads_resolve(unsigned wanted, unsigned parallel_max)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted == 0) {
        wanted = processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (unsigned)processors;
    }
    const unsigned limit = parallel_max > 0 ? parallel_max : 1;
    wanted = wanted < limit ? wanted : limit;
    return wanted < THREADS_MAX ? wanted : THREADS_MAX;
}

/* What is made once and kept; all of it is released by predictor_free(). */
static int parts_make(struct predictor *predictor, const struct predictor_options *options,
                      unsigned workers)
{
    predictor->spec = strdup(options->spec);
    predictor->tracker = options->tracks ? tracker_new(NULL) : NULL;
    predictor->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (predictor->stop_fd < 0) {
        return -errno;
    }
    if (!predictor->spec || (options->tracks && !predictor->tracker)) {
        return -ENOMEM;
    }
    for (unsigned i = 0; i < workers; i++) {
        predictor->workers[i].lens = lens_new(&options->region, options->width);
        predictor->lens_count += predictor->workers[i].lens != NULL;
        if (!predictor->workers[i].lens) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int follow(struct predictor *leader, struct predictor *follower)
{
    int err = 0;
    pthread_mutex_lock(&leader->lock);
    if (leader->follower_count == PREDICTOR_FOLLOWERS_MAX) {
        err = -ENOSPC;
    } else {
        leader->followers[leader->follower_count++] = follower;
    }
    pthread_mutex_unlock(&leader->lock);
    return err;
}

int predictor_new(struct predictor **out, const struct predictor_options *options,
                  const struct predictor_sink *sink)
{
    assert(sink->predicted);
    const struct predictor_kind *kind =
        options->kind ? options->kind : predictor_kind_find(options->spec);
    if (!kind) {
        return -EINVAL;
    }
    const struct predictor_traits traits = traits_resolve(kind, options);
    const unsigned wanted =
        threads_resolve(options->threads ? options->threads : traits.threads, traits.parallel_max);
    struct predictor *predictor =
        calloc(1, sizeof(*predictor) + wanted * sizeof(predictor->workers[0]));
    if (!predictor) {
        return -ENOMEM;
    }
    predictor->kind = kind;
    predictor->traits = traits;
    predictor->sink = *sink;
    predictor->retry_min_ns = options->retry_min_ns ? options->retry_min_ns : RETRY_MIN_NS;
    predictor->retry_max_ns = options->retry_max_ns ? options->retry_max_ns : RETRY_MAX_NS;
    pace_init(&predictor->pace, (uint32_t)(options->max_fps * 1000 + 0.5));
    inbox_init(&predictor->inbox, options->queue ? options->queue : 1);
    turns_init(&predictor->turns);
    pthread_mutex_init(&predictor->lock, NULL);

    int err = parts_make(predictor, options, wanted);
    err = err ? err : workers_start(predictor, wanted);
    err = err || !options->after ? err : follow(options->after, predictor);
    if (!err) {
        *out = predictor;
        predictor = NULL;
    }
    predictor_free(&predictor);
    return err;
}

void predictor_free(struct predictor **predictor)
{
    struct predictor *p = *predictor;
    if (!p) {
        return;
    }
    predictor_stop(p);
    for (unsigned i = 0; i < p->worker_count; i++) {
        pthread_join(p->workers[i].thread, NULL);
    }
    assert(atomic_load(&p->open_count) == 0);
    for (unsigned i = 0; i < p->lens_count; i++) {
        lens_free(&p->workers[i].lens);
    }
    pthread_mutex_destroy(&p->lock);
    inbox_fini(&p->inbox);
    turns_fini(&p->turns);
    tracker_free(&p->tracker);
    if (p->stop_fd >= 0) {
        close(p->stop_fd);
    }
    free(p->spec);
    free(p);
    *predictor = NULL; /* only now: until its threads ended, the sink could ask it for its name */
}

void predictor_offer(struct predictor *predictor, struct picture *picture)
{
    offer(predictor, picture, NULL);
}

void predictor_offer_patiently(struct predictor *predictor, struct picture *picture)
{
    if (predictor_state(predictor) == PREDICTOR_RUNNING) {
        (void)inbox_wait_for_room(&predictor->inbox, PATIENCE_NS); /* if not, it is skipped */
    }
    predictor_offer(predictor, picture);
}

void predictor_stop(struct predictor *predictor)
{
    inbox_stop(&predictor->inbox);
    if (predictor->stop_fd >= 0) {
        (void)eventfd_write(predictor->stop_fd, 1); /* for those who wait for others */
    }
}

const char *predictor_name(const struct predictor *predictor)
{
    return predictor->traits.name;
}

enum predictor_state predictor_state(const struct predictor *predictor)
{
    return atomic_load(&predictor->state);
}

const struct predictor_stats *predictor_stats(const struct predictor *predictor)
{
    return &predictor->stats;
}
