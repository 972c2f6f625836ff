/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "predict/predictor_threads.h"

#define THREADS_MAX 64
#define RETRY_MIN_NS (1 * NS_PER_S)
#define RETRY_MAX_NS (30 * NS_PER_S)
#define CALM_NS (10 * NS_PER_S)     /* after the last failure */
#define PATIENCE_NS (10 * NS_PER_S) /* for a source that waits */

void predictor_put(struct predictor *predictor, struct picture *picture, struct found *found)
{
    assert(!picture->is_notice);
    if (!pace_take(&predictor->pace, picture->captured_ns)) {
        free(found);
        return;
    }
    struct inbox_item left_out = inbox_put(
        &predictor->inbox, (struct inbox_item){ .picture = picture_ref(picture), .found = found });
    if (left_out.picture) {
        predictor_count(&predictor->stats.skipped);
        inbox_item_free(&left_out);
    }
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
                      unsigned threads)
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
    for (unsigned i = 0; i < threads; i++) {
        predictor->lookers[i].lens = lens_new(&options->region, options->width);
        predictor->lens_count += predictor->lookers[i].lens != NULL;
        if (!predictor->lookers[i].lens) {
            return -ENOMEM;
        }
        predictor->lookers[i].predictions[0] = calloc(1, sizeof(struct prediction));
        if (!predictor->lookers[i].predictions[0]) {
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
        calloc(1, sizeof(*predictor) + wanted * sizeof(predictor->lookers[0]));
    if (!predictor) {
        return -ENOMEM;
    }
    predictor->kind = kind;
    predictor->is_follower = options->after != NULL;
    predictor->traits = traits;
    predictor->sink = *sink;
    predictor->retry_min_ns = options->retry_min_ns ? options->retry_min_ns : RETRY_MIN_NS;
    predictor->retry_max_ns = options->retry_max_ns ? options->retry_max_ns : RETRY_MAX_NS;
    predictor->calm_ns = options->calm_ns ? options->calm_ns : CALM_NS;
    pace_init(&predictor->pace, (uint32_t)(options->max_fps * 1000 + 0.5));
    inbox_init(&predictor->inbox, options->queue ? options->queue : 1);
    turns_init(&predictor->turns);
    pthread_mutex_init(&predictor->lock, NULL);

    int err = parts_make(predictor, options, wanted);
    err = err ? err : predictor_threads_start(predictor, wanted);
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
    for (unsigned i = 0; i < p->looker_count; i++) {
        pthread_join(p->lookers[i].thread, NULL);
    }
    assert(atomic_load(&p->open_count) == 0);
    for (unsigned i = 0; i < p->lens_count; i++) {
        lens_free(&p->lookers[i].lens);
        for (unsigned j = 0; j < PREDICTOR_BATCH_MAX; j++) {
            free(p->lookers[i].predictions[j]);
        }
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
    predictor_put(predictor, picture, NULL);
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
