/* SPDX-License-Identifier: MIT */
#include "serve/audience.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/* One rendition that this loop has taps on. */
struct channel {
    struct list_link link; /* in audience->channels */
    struct stream *stream;
    struct rendition *rendition; /* open */
    struct list_link taps;
};

/* The taps on what is not a picture, per stream. */
struct desk {
    struct list_link predictions;
    struct list_link changes;
};

struct audience {
    struct site *site;      /* borrowed */
    struct fc_loop *loop;   /* borrowed */
    struct feed *feed;      /* borrowed */
    struct fc_task task;    /* posted by audience_wake() */
    _Atomic bool is_posted; /* until the task begins; it may not be posted twice */
    struct list_link channels;
    struct desk desks[]; /* by stream_id() - 1 */
};

static struct desk *desk_of(struct audience *audience, const struct stream *stream)
{
    const uint32_t index = stream_id(stream) - 1u;
    assert(index < audience->site->stream_count);
    return &audience->desks[index];
}

static void deliver_all(struct list_link *taps, const struct feed_item *item)
{
    LIST_FOREACH (at, safe, taps) {
        struct tap *tap = container_of(at, struct tap, link);
        tap->deliver(tap, item);
    }
}

/*
 * A new tap is given the newest picture at once; that one may still wait in the feed as well. After
 * a change of settings the same picture may come once more, but not an older one, such as the
 * newest of a rendition with fewer pictures a second.
 */
static void deliver_picture(struct tap *tap, const struct feed_item *item)
{
    const uint64_t seq = item->parcel->seq;
    if (seq > tap->seen_seq || (seq == tap->seen_seq && !tap->has_seen)) {
        tap->seen_seq = seq;
        tap->has_seen = true;
        tap->deliver(tap, item);
    }
}

/* A tap that closes itself in its turn may be the last, and the channel goes with it. */
static void deliver_pictures(struct channel *channel, const struct feed_item *item)
{
    bool is_last = list_is_empty(&channel->taps);
    struct list_link *at = channel->taps.next;
    while (!is_last) {
        struct list_link *next = at->next;
        is_last = next == &channel->taps;
        deliver_picture(container_of(at, struct tap, link), item);
        at = next;
    }
}

static struct channel *channel_by_id(struct audience *audience, uint64_t rendition)
{
    LIST_FOREACH (at, safe, &audience->channels) {
        struct channel *channel = container_of(at, struct channel, link);
        if (rendition_id(channel->rendition) == rendition) {
            return channel;
        }
    }
    return NULL;
}

static void dispatch(struct audience *audience, const struct feed_item *item)
{
    struct channel *channel = NULL;
    switch (item->type) {
    case FEED_PICTURE:
        channel = channel_by_id(audience, item->rendition_id);
        if (channel) {
            deliver_pictures(channel, item);
        }
        break;
    case FEED_PREDICTION:
        deliver_all(&desk_of(audience, item->stream)->predictions, item);
        break;
    case FEED_CHANGE:
        deliver_all(&desk_of(audience, item->stream)->changes, item);
        break;
    }
}

static void run_task(struct fc_task *task)
{
    struct audience *audience = container_of(task, struct audience, task);
    /* before the feed is looked at: what comes later posts the task again */
    atomic_store_explicit(&audience->is_posted, false, memory_order_seq_cst);
    struct feed_item item;
    while (feed_take(audience->feed, &item)) {
        dispatch(audience, &item);
        parcel_unref(&item.parcel);
    }
}

struct audience *audience_new(struct site *site, struct fc_loop *loop)
{
    struct audience *audience =
        calloc(1, sizeof(*audience) + site->stream_count * sizeof(struct desk));
    if (!audience) {
        return NULL;
    }
    audience->site = site;
    audience->loop = loop;
    audience->task.run = run_task;
    list_init(&audience->channels);
    for (uint32_t i = 0; i < site->stream_count; i++) {
        list_init(&audience->desks[i].predictions);
        list_init(&audience->desks[i].changes);
    }
    return audience;
}

void audience_set_feed(struct audience *audience, struct feed *feed)
{
    audience->feed = feed;
}

void audience_free(struct audience **audience)
{
    assert(!*audience || list_is_empty(&(*audience)->channels));
    free(*audience);
    *audience = NULL;
}

void audience_wake(void *ctx)
{
    struct audience *audience = ctx;
    if (!atomic_exchange_explicit(&audience->is_posted, true, memory_order_seq_cst)) {
        (void)fc_loop_post(audience->loop, &audience->task); /* false: the loop has ended */
    }
}

struct site *audience_site(struct audience *audience)
{
    return audience->site;
}

struct audience *audience_of(const struct fc_conn *conn)
{
    return fc_loop_user(fc_conn_loop(conn));
}

/* The channel of a rendition, which the stream makes out of the key and what it knows itself. */
static struct channel *channel_open(struct audience *audience, struct stream *stream,
                                    struct rendition_key key)
{
    struct rendition *rendition = stream_rendition_open(stream, key);
    if (!rendition) {
        return NULL;
    }
    struct channel *channel = channel_by_id(audience, rendition_id(rendition));
    if (!channel) {
        channel = calloc(1, sizeof(*channel));
        if (channel) {
            channel->stream = stream;
            channel->rendition = rendition;
            list_init(&channel->taps);
            list_append(&audience->channels, &channel->link);
            return channel;
        }
    }
    stream_rendition_close(stream, &rendition); /* a channel holds one reference */
    return channel;
}

static void tap_open(struct tap *tap, struct list_link *taps, struct stream *stream,
                     tap_fn *deliver)
{
    assert(!tap->stream);
    tap->deliver = deliver;
    tap->stream = stream;
    list_append(taps, &tap->link);
}

bool audience_open_pictures(struct audience *audience, struct tap *tap, struct stream *stream,
                            struct rendition_key key, tap_fn *deliver)
{
    struct channel *channel = channel_open(audience, stream, key);
    if (!channel) {
        return false;
    }
    tap->channel = channel;
    tap_open(tap, &channel->taps, stream, deliver);
    struct feed_item item = {
        .type = FEED_PICTURE,
        .stream = stream,
        .rendition_id = rendition_id(channel->rendition),
        .parcel = rendition_newest(channel->rendition),
    };
    if (item.parcel) {
        deliver_picture(tap, &item);
        parcel_unref(&item.parcel);
    }
    return true;
}

void audience_open_predictions(struct audience *audience, struct tap *tap, struct stream *stream,
                               tap_fn *deliver)
{
    tap_open(tap, &desk_of(audience, stream)->predictions, stream, deliver);
}

void audience_open_changes(struct audience *audience, struct tap *tap, struct stream *stream,
                           tap_fn *deliver)
{
    tap_open(tap, &desk_of(audience, stream)->changes, stream, deliver);
}

void audience_close(struct audience *audience, struct tap *tap)
{
    (void)audience;
    if (!tap->stream) {
        return;
    }
    list_remove(&tap->link);
    struct channel *channel = tap->channel;
    *tap = (struct tap){ .seen_seq = tap->seen_seq };
    if (channel && list_is_empty(&channel->taps)) {
        stream_rendition_close(channel->stream, &channel->rendition);
        list_remove(&channel->link);
        free(channel);
    }
}
