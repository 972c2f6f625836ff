/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "hub/rendition_impl.h"
#include "hub/stream_impl.h"

/* Which renditions of a stream there are, and how many want each. */

/* What the request comes to: nothing is larger than the stream's own, and equal is equal. */
static struct rendition_key key_resolve(const struct stream *stream, struct rendition_key key)
{
    const uint32_t own_width = stream->options.width;
    if (key.width == 0 || (own_width > 0 && key.width > own_width)) {
        key.width = own_width;
    }
    if (key.quality == 0) {
        key.quality = stream->options.quality;
    }
    key.is_boxed =
        key.is_boxed && stream->predictor_count > 0; /* else there is never anything to draw */
    assert(key.quality >= 0 && key.quality <= 100);
    return key;
}

static bool key_is_equal(struct rendition_key a, struct rendition_key b)
{
    return a.width == b.width && a.fps_milli == b.fps_milli && a.quality == b.quality &&
           a.is_boxed == b.is_boxed;
}

/* One that exists, with a user more and a reference; or NULL. */
static struct rendition *share_locked(struct stream *stream, struct rendition_key key)
{
    for (unsigned i = 0; i < stream->rendition_count; i++) {
        struct stream_rendition *entry = &stream->renditions[i];
        if (key_is_equal(rendition_key(entry->rendition), key)) {
            entry->users++;
            return rendition_ref(entry->rendition);
        }
    }
    return NULL;
}

static void on_gone(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    assert(stream->living_count > 0);
    stream->living_count--;
    pthread_cond_broadcast(&stream->is_emptier);
    pthread_mutex_unlock(&stream->lock);
}

/* Find one, or take a number for a new one: *id is 0 when there may be no more. */
static struct rendition *share_or_number(struct stream *stream, struct rendition_key key,
                                         uint64_t *id)
{
    pthread_mutex_lock(&stream->lock);
    struct rendition *rendition = share_locked(stream, key);
    *id = 0;
    if (!rendition && stream->rendition_count < stream->options.renditions_max) {
        *id = ((uint64_t)stream->options.id << 48) | ++stream->next_rendition_id;
        stream->living_count++;
    }
    pthread_mutex_unlock(&stream->lock);
    return rendition;
}

/*
 * Put a new one into the list (takes it) unless somebody else was faster, or took the last place.
 * Gives the one to use, with the caller's reference, and the picture that it begins with.
 */
static struct rendition *insert_or_share(struct stream *stream, struct rendition *fresh,
                                         struct picture **first)
{
    pthread_mutex_lock(&stream->lock);
    struct rendition *rendition = share_locked(stream, rendition_key(fresh));
    if (!rendition && stream->rendition_count < stream->options.renditions_max) {
        stream->renditions[stream->rendition_count++] =
            (struct stream_rendition){ .rendition = fresh, .users = 1 };
        rendition = rendition_ref(fresh);
        fresh = NULL;
        *first = stream->newest ? picture_ref(stream->newest) : NULL;
    }
    pthread_mutex_unlock(&stream->lock);
    rendition_unref(&fresh);
    return rendition;
}

struct rendition *stream_rendition_open(struct stream *stream, struct rendition_key key)
{
    const struct rendition_key resolved = key_resolve(stream, key);
    uint64_t id;
    struct rendition *rendition = share_or_number(stream, resolved, &id);
    if (rendition || id == 0) {
        return rendition;
    }
    struct rendition *fresh = rendition_new(&(struct rendition_options){
        .id = id,
        .key = resolved,
        .stream = stream,
        .stream_name = stream->name,
        .stream_id = stream->options.id,
        .stats = &stream->stats,
        .shelf = stream->shelf,
        .encoders = stream->options.encoders,
        .feeds = stream->options.feeds,
        .feed_count = stream->options.feed_count,
        .gone = on_gone,
    });
    if (!fresh) {
        on_gone(stream);
        return NULL;
    }
    struct picture *first = NULL;
    rendition = insert_or_share(stream, fresh, &first);
    if (first) {
        rendition_offer(rendition, first);
        picture_unref(&first);
    }
    return rendition;
}

void stream_rendition_close(struct stream *stream, struct rendition **rendition)
{
    struct rendition *r = *rendition;
    *rendition = NULL;
    if (!r) {
        return;
    }
    struct rendition *unwanted = NULL; /* the list's reference */
    pthread_mutex_lock(&stream->lock);
    unsigned i = 0;
    while (i < stream->rendition_count && stream->renditions[i].rendition != r) {
        i++;
    }
    assert(i < stream->rendition_count && stream->renditions[i].users > 0);
    if (--stream->renditions[i].users == 0) {
        unwanted = r;
        stream->renditions[i] = stream->renditions[--stream->rendition_count];
    }
    pthread_mutex_unlock(&stream->lock);
    if (unwanted) {
        rendition_stop(unwanted);
        rendition_unref(&unwanted);
    }
    rendition_unref(&r);
}

unsigned stream_renditions_ref(struct stream *stream,
                               struct rendition *out[STREAM_RENDITIONS_LIMIT])
{
    for (unsigned i = 0; i < stream->rendition_count; i++) {
        out[i] = rendition_ref(stream->renditions[i].rendition);
    }
    return stream->rendition_count;
}

void stream_renditions_drain(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    assert(stream->rendition_count == 0);
    while (stream->living_count > 0) {
        pthread_cond_wait(&stream->is_emptier, &stream->lock);
    }
    pthread_mutex_unlock(&stream->lock);
}
