/* SPDX-License-Identifier: MIT */
#include "hub/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/rendition_impl.h"
#include "hub/stream_impl.h"

/*
 * What comes in: pictures and states on the source's thread, predictions on a predictor's. What
 * goes out: pictures to the renditions and the predictor, everything else straight to the feeds.
 *
 * The notices that a source gives while it has no picture are pictures to viewers, but they are not
 * predicted on, and neither the rate nor the time of the newest picture counts them.
 */

void stream_tell(struct stream *stream, const struct feed_item *item)
{
    for (unsigned i = 0; i < stream->options.feed_count; i++) {
        feed_put(stream->options.feeds[i], item);
    }
}

void stream_tell_change(struct stream *stream)
{
    stream_tell(stream, &(struct feed_item){ .type = FEED_CHANGE, .stream = stream });
}

/* Describe the newest picture; true when that is another description than before. */
static bool describe_locked(struct stream *stream, const struct picture *picture)
{
    struct stream_description *description = &stream->description;
    description->seq = picture->seq;
    if (picture->is_notice && description->captured_ns) {
        return false;
    }
    const uint32_t own_width = stream->options.width;
    const bool is_jpeg = picture->format == PICTURE_JPEG && stream->options.quality == 0 &&
                         (own_width == 0 || own_width >= picture->width);
    const bool is_change = description->width != picture->width ||
                           description->height != picture->height ||
                           description->is_jpeg != is_jpeg;
    description->width = picture->width;
    description->height = picture->height;
    description->is_jpeg = is_jpeg;
    if (!picture->is_notice) {
        description->captured_ns = picture->captured_ns;
        rate_add(&stream->rate, picture->captured_ns);
    }
    return is_change;
}

/* Give a picture its number, make it the newest, and offer it to whoever wants one. Takes it. */
static void on_picture(void *ctx, struct picture *picture)
{
    struct stream *stream = ctx;
    struct rendition *renditions[STREAM_RENDITIONS_LIMIT];

    pthread_mutex_lock(&stream->lock);
    picture->seq = stream->description.seq + 1;
    const bool is_change = describe_locked(stream, picture);
    struct picture *before = stream->newest;
    stream->newest = picture_ref(picture);
    const unsigned count = stream_renditions_ref(stream, renditions);
    pthread_mutex_unlock(&stream->lock);

    picture_unref(&before);
    if (is_change) {
        stream_tell_change(stream); /* before the first picture of that size */
    }
    for (unsigned i = 0; i < count; i++) {
        rendition_offer(renditions[i], picture);
        rendition_unref(&renditions[i]);
    }
    if (!picture->is_notice) {
        atomic_fetch_add_explicit(&stream->stats.pictures, 1, memory_order_relaxed);
        stream_predictors_offer(stream, picture);
    }
    picture_unref(&picture);
}

static void log_state(const struct stream *stream, enum source_state state, const char *why)
{
    if (state == SOURCE_DOWN) {
        log_warn("hub", "source is down stream=%s: %s", stream->name, why);
    } else {
        log_info("hub", "source is %s stream=%s", source_state_name(state), stream->name);
    }
}

/* It goes out as JSON: when it is not UTF-8, or was cut within a character, only ASCII is kept. */
static void why_copy(char out[STREAM_WHY_SIZE], const char *why)
{
    snprintf(out, STREAM_WHY_SIZE, "%s", why);
    json_t *text = json_string(out);
    for (char *c = out; !text && *c; c++) {
        *c = *c & 0x80 ? '?' : *c;
    }
    json_decref(text);
}

static void on_state(void *ctx, enum source_state state, const char *why)
{
    struct stream *stream = ctx;
    char cut[STREAM_WHY_SIZE] = "";
    why_copy(cut, why);
    pthread_mutex_lock(&stream->lock);
    struct stream_description *description = &stream->description;
    const bool is_change = description->state != state || strcmp(description->why, cut) != 0;
    description->state = state;
    memcpy(description->why, cut, sizeof(cut));
    pthread_mutex_unlock(&stream->lock);
    if (is_change) {
        log_state(stream, state, cut);
        stream_tell_change(stream);
    }
}

static void options_resolve(struct stream *stream, const struct stream_options *options)
{
    stream->options = *options;
    snprintf(stream->name, sizeof(stream->name), "%s", options->name);
    stream->options.name = stream->name;
    if (stream->options.renditions_max == 0) {
        stream->options.renditions_max = STREAM_RENDITIONS_MAX;
    }
    if (stream->options.renditions_max > STREAM_RENDITIONS_LIMIT) {
        stream->options.renditions_max = STREAM_RENDITIONS_LIMIT;
    }
}

int stream_new(struct stream **out, const struct stream_options *options, char *why,
               size_t why_size)
{
    assert(stream_name_is_valid(options->name, strlen(options->name)) && options->id > 0);
    assert(options->quality >= 0 && options->quality <= 100 && options->encoders);
    struct stream *stream = calloc(1, sizeof(*stream));
    if (!stream) {
        snprintf(why, why_size, "there is no memory for stream '%s'", options->name);
        return -ENOMEM;
    }
    options_resolve(stream, options);
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->is_emptier, NULL);
    stream->source_sink =
        (struct source_sink){ .picture = on_picture, .state = on_state, .ctx = stream };

    int err =
        source_new(&stream->source, &stream->options.source, &stream->source_sink, why, why_size);
    if (err) {
        goto out;
    }
    err = stream_predictors_make(stream, why, why_size);
    if (err) {
        goto out;
    }
    *out = stream;
    stream = NULL;
out:
    stream_free(&stream);
    return err;
}

int stream_start(struct stream *stream)
{
    return source_start(stream->source);
}

void stream_stop(struct stream *stream)
{
    stream_predictors_stop(stream); /* the source may wait for one */
    source_stop(stream->source);
}

void stream_free(struct stream **stream)
{
    struct stream *s = *stream;
    *stream = NULL;
    if (!s) {
        return;
    }
    source_free(&s->source);
    stream_predictors_free(s);
    stream_renditions_drain(s);
    picture_unref(&s->newest);
    pthread_cond_destroy(&s->is_emptier);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *stream_name(const struct stream *stream)
{
    return stream->name;
}

uint16_t stream_id(const struct stream *stream)
{
    return stream->options.id;
}

struct source *stream_source(struct stream *stream)
{
    return stream->source;
}

struct stream_stats *stream_stats(struct stream *stream)
{
    return &stream->stats;
}

void stream_format_open(struct stream *stream, enum prediction_format format)
{
    atomic_fetch_add(&stream->format_users[format], 1);
}

void stream_format_close(struct stream *stream, enum prediction_format format)
{
    const unsigned before = atomic_fetch_sub(&stream->format_users[format], 1);
    assert(before > 0);
    (void)before;
}

void stream_describe(struct stream *stream, struct stream_description *out)
{
    const int64_t now_ns = clock_steady_ns();
    pthread_mutex_lock(&stream->lock);
    *out = stream->description;
    out->fps = rate_per_s(&stream->rate, now_ns);
    pthread_mutex_unlock(&stream->lock);
}
