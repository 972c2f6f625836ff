/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hub/rendition_impl.h"
#include "hub/stream_impl.h"

/*
 * A stream's predictors: each is offered every picture, or what another has found, and everything
 * that they say is kept for those who draw it, and told to the feeds.
 */

/* Have the picture that was looked at drawn once more where it went out without its boxes. */
static void redraw(struct stream *stream, const struct prediction *prediction)
{
    struct rendition *renditions[STREAM_RENDITIONS_LIMIT];
    struct picture *picture = NULL;
    unsigned count = 0;
    pthread_mutex_lock(&stream->lock);
    if (stream->newest && stream->newest->seq == prediction->seq) {
        picture = picture_ref(stream->newest);
        count = stream_renditions_ref(stream, renditions);
    }
    pthread_mutex_unlock(&stream->lock);
    for (unsigned i = 0; i < count; i++) {
        rendition_redraw(renditions[i], picture);
        rendition_unref(&renditions[i]);
    }
    picture_unref(&picture);
}

static void tell_prediction(const struct stream_predictor *of, enum prediction_format format,
                            const struct prediction *prediction)
{
    struct parcel *parcel =
        parcel_new_prediction(format, prediction, of->stream->name, predictor_name(of->predictor));
    if (!parcel) {
        return;
    }
    stream_tell(of->stream, &(struct feed_item){
                                .type = FEED_PREDICTION,
                                .stream = of->stream,
                                .format = format,
                                .parcel = parcel,
                            });
    parcel_unref(&parcel);
}

static void on_predicted(void *ctx, const struct prediction *prediction)
{
    const struct stream_predictor *of = ctx;
    struct stream *stream = of->stream;
    shelf_put(stream->shelf, of->index, prediction);
    if (prediction->object_count > 0) {
        redraw(stream, prediction);
    }
    for (int format = 0; format < PREDICTION_FORMAT_COUNT; format++) {
        if (format == PREDICTION_OWN || atomic_load(&stream->format_users[format]) > 0) {
            tell_prediction(of, (enum prediction_format)format, prediction);
        }
    }
    atomic_fetch_add_explicit(&stream->stats.predictions, 1, memory_order_relaxed);
}

static void on_changed(void *ctx)
{
    const struct stream_predictor *of = ctx;
    stream_tell_change(of->stream);
}

/* The predictor of that name; NULL: none yet. */
static struct predictor *find(const struct stream *stream, const char *name)
{
    for (unsigned i = 0; i < stream->predictor_count; i++) {
        if (strcmp(predictor_name(stream->predictors[i].predictor), name) == 0) {
            return stream->predictors[i].predictor;
        }
    }
    return NULL;
}

static int make_one(struct stream *stream, const struct plan *plan, char *why, size_t why_size)
{
    struct stream_predictor *of = &stream->predictors[stream->predictor_count];
    struct predictor *after = plan->after[0] ? find(stream, plan->after) : NULL;
    if (plan->after[0] && !after) {
        snprintf(why, why_size, "predictor '%.64s': there is no predictor '%s' before it",
                 plan->spec, plan->after);
        return -EINVAL;
    }
    *of = (struct stream_predictor){
        .stream = stream,
        .index = stream->predictor_count,
        .is_follower = after != NULL,
    };
    const int err = predictor_new(&of->predictor,
                                  &(struct predictor_options){
                                      .spec = plan->spec,
                                      .name = plan->name,
                                      .max_fps = plan->max_fps,
                                      .queue = plan->sees_all ? PLAN_QUEUE : 1,
                                      .region = plan->region,
                                      .width = plan->width,
                                      .tracks = plan->tracks,
                                      .after = after,
                                  },
                                  &(struct predictor_sink){
                                      .predicted = on_predicted,
                                      .changed = on_changed,
                                      .stream = stream->name,
                                      .ctx = of,
                                  });
    if (err) {
        snprintf(why, why_size, "the predictor '%.64s' cannot start: %s", plan->spec,
                 strerror(-err));
        return err;
    }
    const bool is_taken = find(stream, predictor_name(of->predictor)) != NULL;
    stream->predictor_count++; /* it may be another's follower, so it is freed in its turn */
    if (is_taken) {
        snprintf(why, why_size,
                 "stream '%s': two predictors are called '%.64s'; give one another name: "
                 "[name=WORD]%.64s",
                 stream->name, predictor_name(of->predictor), plan->spec);
        return -EINVAL;
    }
    return 0;
}

int stream_predictors_make(struct stream *stream, char *why, size_t why_size)
{
    const struct stream_options *options = &stream->options;
    if (options->plan_count > STREAM_PREDICTORS_MAX) {
        snprintf(why, why_size, "stream '%s' has %u predictors; %d are the most", stream->name,
                 options->plan_count, STREAM_PREDICTORS_MAX);
        return -EINVAL;
    }
    stream->shelf = options->plan_count > 0 ? shelf_new() : NULL;
    if (options->plan_count > 0 && !stream->shelf) {
        snprintf(why, why_size, "there is no memory for predictions");
        return -ENOMEM;
    }
    int err = 0;
    for (unsigned i = 0; !err && i < options->plan_count; i++) {
        err = make_one(stream, &options->plans[i], why, why_size);
    }
    return err;
}

void stream_predictors_offer(struct stream *stream, struct picture *picture)
{
    for (unsigned i = 0; i < stream->predictor_count; i++) {
        const struct stream_predictor *of = &stream->predictors[i];
        if (of->is_follower) {
            continue;
        }
        if (stream->options.source.is_fast) {
            predictor_offer_patiently(of->predictor, picture);
        } else {
            predictor_offer(of->predictor, picture);
        }
    }
}

void stream_predictors_stop(struct stream *stream)
{
    for (unsigned i = 0; i < stream->predictor_count; i++) {
        predictor_stop(stream->predictors[i].predictor);
    }
}

/* In their order: one that looks at another's boxes is offered some until that one has ended. */
void stream_predictors_free(struct stream *stream)
{
    for (unsigned i = 0; i < stream->predictor_count; i++) {
        predictor_free(&stream->predictors[i].predictor);
    }
    shelf_free(&stream->shelf);
}

struct predictor *stream_predictor(struct stream *stream, unsigned index)
{
    return index < stream->predictor_count ? stream->predictors[index].predictor : NULL;
}
