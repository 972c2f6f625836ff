/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "predict/worker_channel.h"
#include "predict/worker_protocol.h"
#include "predict/worker_shape.h"
#include "predict/worker_slots.h"
#include "predict/worker_spec.h"

/*
 * `exec:COMMAND`: pictures go to a process of the user's, predictions come back
 * (docs/reference/worker-protocol.md). One instance is one process.
 *
 * What a worker does wrong is of two sorts. A picture that it cannot do, or a result with a wrong
 * member, costs that picture. Whoever ends, is late or writes what is no line of the protocol is
 * lost: nothing that it may still write could be told from an answer to the next picture.
 */

struct worker_instance {
    struct worker_spec spec;
    struct worker_slots slots;
    struct worker_channel channel;
    struct worker_wish wish;
    struct worker_shaper *shaper;
    char why[WORKER_WHY_SIZE];                       /* what the last picture failed of */
    char text[WORKER_SLOTS * WORKER_ITEM_SIZE + 32]; /* a line for pictures */
};

static bool worker_check(const char *spec, char *why, size_t why_size)
{
    struct worker_spec parsed;
    return worker_spec_parse(&parsed, spec, why, why_size);
}

static void worker_describe(const char *spec, struct predictor_traits *out)
{
    struct worker_spec parsed;
    char why[WORKER_WHY_SIZE];
    (void)worker_spec_parse(&parsed, spec, why, sizeof(why)); /* one, if it is wrong */
    out->threads = parsed.copies;
}

static void worker_close(void **instance)
{
    struct worker_instance *worker = *instance;
    *instance = NULL;
    if (worker) {
        worker_channel_close(&worker->channel);
        worker_slots_close(&worker->slots);
        worker_shaper_free(&worker->shaper);
        worker_wish_fini(&worker->wish);
        free(worker);
    }
}

/* Its name in the log: what it calls itself, or its command. */
static void name_set(struct worker_instance *worker)
{
    const char *name = worker->wish.name[0] ? worker->wish.name : worker->spec.command;
    snprintf(worker->channel.name, sizeof(worker->channel.name), "%s", name);
    for (char *c = worker->channel.name; *c; c++) {
        *c = *c == '"' ? '\'' : *c;
    }
}

/* Start it and wait until it says that it is ready. */
static int worker_start(struct worker_instance *worker, const struct predictor_place *place)
{
    int err = worker_slots_open(&worker->slots);
    if (err) {
        return worker_channel_fail(&worker->channel, "it gets no memory for pictures: %s",
                                   strerror(-err));
    }
    err = worker_channel_open(&worker->channel, &(struct worker_channel_options){
                                                    .command = worker->spec.command,
                                                    .shm_fd = worker->slots.fd,
                                                    .stop_fd = place->stop_fd,
                                                    .quota = place->quota,
                                                    .stream = place->stream,
                                                });
    if (err) {
        return err;
    }
    name_set(worker);
    const int64_t until_ns = clock_steady_ns() + worker->spec.start_ns;
    const size_t text_size =
        worker_hello_print(worker->text, place->stream, worker->spec.deadline_ns);
    err = worker_channel_send(&worker->channel, worker->text, text_size, until_ns);
    char *line = NULL;
    size_t size = 0;
    err = err ? err : worker_channel_receive(&worker->channel, until_ns, &line, &size);
    if (err) {
        return err;
    }
    err = worker_wish_parse(&worker->wish, line, size, worker->why, sizeof(worker->why));
    if (err) {
        return worker_channel_fail(&worker->channel, "%s", worker->why);
    }
    name_set(worker);
    return 0;
}

static int worker_open(void **instance, const char *spec, const struct predictor_place *place,
                       char *why, size_t why_size)
{
    struct worker_instance *worker = calloc(1, sizeof(*worker));
    if (!worker) {
        return -ENOMEM;
    }
    worker->slots.fd = -1;
    worker->channel.process = WORKER_PROCESS_NONE;
    int err = worker_spec_parse(&worker->spec, spec, why, why_size) ? 0 : -EINVAL;
    if (!err) {
        worker->shaper = worker_shaper_new();
        err = worker->shaper ? worker_start(worker, place) : -ENOMEM;
        if (worker->channel.why[0]) {
            snprintf(why, why_size, "the worker is not ready: %s", worker->channel.why);
        }
    }
    if (!err) {
        log_debug("worker", "worker is ready stream=%s name=\"%s\" pid=%d", place->stream,
                  worker->channel.name, (int)worker->channel.process.pid);
        *instance = worker;
        worker = NULL;
    }
    void *failed = worker;
    worker_close(&failed);
    return err;
}

/* Which of the pictures a result is of, or count. */
static size_t item_find(const struct worker_item *items, size_t count, uint64_t seq)
{
    size_t i = 0;
    while (i < count && items[i].picture->seq != seq) {
        i++;
    }
    return i;
}

/* worker->why, or the channel's, says what failed. */
static int look_at(struct worker_instance *worker, struct picture *picture, struct prediction *out)
{
    struct worker_item item = { .slot = 0 };
    const int64_t begin_ns = clock_steady_ns();
    int err = worker_shape(worker->shaper, &worker->wish, &worker->slots, picture, &item);
    out->convert_ns += clock_steady_ns() - begin_ns;
    if (err) {
        snprintf(worker->why, sizeof(worker->why), "it cannot be converted: %s", strerror(-err));
        return err;
    }
    const size_t text_size = worker_items_print(worker->text, &item, 1, worker->wish.batch > 1);
    const int64_t until_ns = clock_steady_ns() + worker->spec.deadline_ns;
    err = worker_channel_send(&worker->channel, worker->text, text_size, until_ns);
    char *line = NULL;
    size_t size = 0;
    err = err ? err : worker_channel_receive(&worker->channel, until_ns, &line, &size);
    if (err) {
        return err;
    }
    struct worker_answer answer;
    err = worker_answer_parse(&answer, line, size, worker->why, sizeof(worker->why));
    if (err) {
        return worker_channel_fail(&worker->channel, "%s", worker->why);
    }
    if (item_find(&item, 1, answer.seq) == 1) {
        err = worker_channel_fail(&worker->channel, "it answered picture %llu, not %llu",
                                  (unsigned long long)answer.seq, (unsigned long long)picture->seq);
    } else {
        err = worker_answer_fill(&answer, &worker->wish, out, worker->why, sizeof(worker->why));
    }
    worker_answer_fini(&answer);
    return err;
}

static int worker_look(void *instance, struct picture *picture, struct prediction *out)
{
    struct worker_instance *worker = instance;
    worker->why[0] = '\0';
    const int err = look_at(worker, picture, out);
    if (err) {
        snprintf(out->why, sizeof(out->why), "%s",
                 worker->channel.why[0] ? worker->channel.why : worker->why);
    }
    return err;
}

const struct predictor_kind predictor_kind_worker = {
    .name = "exec",
    .form = "exec:COMMAND",
    .matches = worker_spec_matches,
    .check = worker_check,
    .describe = worker_describe,
    .open = worker_open,
    .look = worker_look,
    .close = worker_close,
    .parallel_max = WORKER_COPIES_MAX,
};
