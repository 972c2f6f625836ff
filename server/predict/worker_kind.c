/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "predict/json_arena.h"
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

_Static_assert(WORKER_SLOTS == PREDICTOR_BATCH_MAX, "a batch fits, and no more is promised");

struct worker_instance {
    struct worker_spec spec;
    struct worker_slots slots;
    struct worker_channel channel;
    struct worker_wish wish;
    struct worker_shaper *shaper;
    struct json_arena arena;                         /* of the answers */
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
        json_arena_fini(&worker->arena);
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
    char why[WORKER_WHY_SIZE];
    err = worker_wish_parse(&worker->wish, line, size, why, sizeof(why));
    if (err) {
        return worker_channel_fail(&worker->channel, "%s", why);
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

/* What goes to the process together, and which of it has been answered. */
struct batch {
    struct worker_item items[WORKER_SLOTS];
    struct predictor_shot *of[WORKER_SLOTS]; /* the picture of each item; NULL: answered */
    size_t count, answered;
};

/* Why a picture failed, where the viewer's side finds it. Gives err. */
static int shot_fail(struct predictor_shot *shot, const char *why, int err)
{
    snprintf(shot->out->why, sizeof(shot->out->why), "%s", why);
    shot->err = err;
    return err;
}

/* Put the pictures into slots, but for those that cannot be. */
static void batch_fill(struct worker_instance *worker, struct batch *batch,
                       struct predictor_shot *shots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct worker_item *item = &batch->items[batch->count];
        *item = (struct worker_item){ .slot = (unsigned)batch->count };
        const int64_t begin_ns = clock_steady_ns();
        shots[i].err =
            worker_shape(worker->shaper, &worker->wish, &worker->slots, shots[i].picture, item);
        shots[i].out->convert_ns += clock_steady_ns() - begin_ns;
        if (shots[i].err) {
            (void)shot_fail(&shots[i], "it cannot be decoded or converted", shots[i].err);
        } else {
            batch->of[batch->count++] = &shots[i];
        }
    }
}

/* Give a line of results to its picture. 0, or -EPIPE with the channel's why. */
static int batch_match(struct worker_instance *worker, struct batch *batch, const char *line,
                       size_t size)
{
    char why[WORKER_WHY_SIZE];
    struct worker_answer answer;
    if (worker_answer_parse(&answer, line, size, why, sizeof(why))) {
        return worker_channel_fail(&worker->channel, "%s", why);
    }
    int err = 0;
    size_t i = 0;
    while (i < batch->count && (!batch->of[i] || batch->of[i]->picture->seq != answer.seq)) {
        i++;
    }
    if (i == batch->count) {
        err = worker_channel_fail(&worker->channel,
                                  "it answered picture %" PRIu64 ", which was not asked for",
                                  answer.seq);
    } else {
        struct predictor_shot *shot = batch->of[i];
        shot->err = worker_answer_fill(&answer, &worker->wish, shot->out, why, sizeof(why));
        if (shot->err) {
            (void)shot_fail(shot, why, shot->err);
        }
        batch->of[i] = NULL;
        batch->answered++;
    }
    worker_answer_fini(&answer);
    return err;
}

static int batch_take(struct worker_instance *worker, struct batch *batch, const char *line,
                      size_t size)
{
    json_arena_begin(&worker->arena);
    const int err = batch_match(worker, batch, line, size);
    json_arena_end(&worker->arena);
    return err;
}

static int batch_run(struct worker_instance *worker, struct batch *batch)
{
    const size_t text_size =
        worker_items_print(worker->text, batch->items, batch->count, worker->wish.batch > 1);
    const int64_t until_ns = clock_steady_ns() + worker->spec.deadline_ns * (int64_t)batch->count;
    if (worker_channel_has_output(&worker->channel)) {
        /* Several crops of a picture have its number: a word too many could pass for an answer. */
        return worker_channel_fail(&worker->channel, "it wrote a line without being asked");
    }
    int err = worker_channel_send(&worker->channel, worker->text, text_size, until_ns);
    while (!err && batch->answered < batch->count) {
        char *line = NULL;
        size_t size = 0;
        err = worker_channel_receive(&worker->channel, until_ns, &line, &size);
        err = err ? err : batch_take(worker, batch, line, size);
    }
    return err;
}

static void worker_look_batch(void *instance, struct predictor_shot *shots, size_t count)
{
    struct worker_instance *worker = instance;
    struct batch batch = { .count = 0 };
    batch_fill(worker, &batch, shots, count);
    if (batch.count > 0 && batch_run(worker, &batch)) {
        for (size_t i = 0; i < batch.count; i++) {
            if (batch.of[i]) {
                (void)shot_fail(batch.of[i], worker->channel.why, -EPIPE);
            }
        }
    }
}

static int worker_look(void *instance, struct picture *picture, struct prediction *out)
{
    struct predictor_shot shot = { .picture = picture, .out = out };
    worker_look_batch(instance, &shot, 1);
    return shot.err;
}

static unsigned worker_batch(const void *instance)
{
    const struct worker_instance *worker = instance;
    return worker->wish.batch;
}

const struct predictor_kind predictor_kind_worker = {
    .name = "exec",
    .form = "exec:COMMAND",
    .matches = worker_spec_matches,
    .check = worker_check,
    .describe = worker_describe,
    .open = worker_open,
    .look = worker_look,
    .batch = worker_batch,
    .look_batch = worker_look_batch,
    .close = worker_close,
    .parallel_max = WORKER_COPIES_MAX,
};
