/* SPDX-License-Identifier: MIT */
#include "serve/audience.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* One rendition that this loop has taps on. */
struct channel {
    struct list_link link; /* in audience->channels */
    struct stream *stream;
    struct rendition *rendition; /* open */
    struct list_link taps;
    uint32_t users; /* taps, and whoever delivers to them at the moment; 0: closed */
};

/* The taps on what is not a picture, per stream. */
struct desk {
    struct list_link predictions[PREDICTION_FORMAT_COUNT];
    struct list_link changes;
};

struct audience {
    struct site *site;    /* borrowed */
    struct fc_loop *loop; /* borrowed */
    struct feed *feed;    /* borrowed */
    struct fc_task task;  /* posted by audience_wake(), at most once at a time */
    struct list_link channels;
    struct desk desks[]; /* by stream_id() - 1 */
};

static struct desk *desk_of(struct audience *audience, const struct stream *stream)
{
    const uint32_t index = stream_id(stream) - 1u;
    assert(index < audience->site->stream_count);
    return &audience->desks[index];
}

/*
 * A new tap is given the newest picture at once; that one may still wait in the feed as well. After
 * a change of settings the same picture may come once more, but not an older one, such as the
 * newest of a rendition with fewer pictures a second. A picture comes again when it has more drawn
 * into it.
 */
static void deliver(struct tap *tap, const struct feed_item *item)
{
    if (item->type == FEED_PICTURE) {
        const uint64_t seq = item->parcel->seq;
        const unsigned drawn = item->parcel->drawn;
        if (seq < tap->seen_seq ||
            (seq == tap->seen_seq && tap->has_seen && drawn <= tap->seen_drawn)) {
            return;
        }
        tap->seen_drawn = drawn;
        tap->seen_seq = seq;
        tap->has_seen = true;
    }
    tap->deliver(tap, item);
}

/* Whatever taps are closed meanwhile; those that are opened meanwhile get the next item. */
static void deliver_all(struct list_link *taps, const struct feed_item *item)
{
    struct list_link round;
    list_init(&round);
    list_move_all(&round, taps);
    while (!list_is_empty(&round)) {
        struct tap *tap = container_of(round.next, struct tap, link);
        list_remove(&tap->link);
        list_append(taps, &tap->link);
        deliver(tap, item);
    }
}

static void channel_release(struct channel **channel)
{
    struct channel *c = *channel;
    *channel = NULL;
    if (--c->users > 0) {
        return;
    }
    assert(list_is_empty(&c->taps));
    stream_rendition_close(c->stream, &c->rendition);
    list_remove(&c->link);
    free(c);
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
            channel->users++; /* the last tap may be closed by what it is given */
            deliver_all(&channel->taps, item);
            channel_release(&channel);
        }
        break;
    case FEED_PREDICTION:
        deliver_all(&desk_of(audience, item->stream)->predictions[item->format], item);
        break;
    case FEED_CHANGE:
        deliver_all(&desk_of(audience, item->stream)->changes, item);
        break;
    }
}

static void run_task(struct fc_task *task)
{
    struct audience *audience = container_of(task, struct audience, task);
    struct feed_item item;
    int count = 0;
    while (count < FEED_MAX && feed_take(audience->feed, &item)) {
        dispatch(audience, &item);
        parcel_unref(&item.parcel);
        count++;
    }
    if (count == FEED_MAX) {
        audience_wake(audience); /* perhaps more: after others had their turn */
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
        for (int format = 0; format < PREDICTION_FORMAT_COUNT; format++) {
            list_init(&audience->desks[i].predictions[format]);
        }
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
    (void)fc_loop_post(audience->loop, &audience->task); /* false: the loop has ended */
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
                     tap_fn *on_item)
{
    assert(!tap->stream);
    tap->deliver = on_item;
    tap->stream = stream;
    list_append(taps, &tap->link);
}

bool audience_open_pictures(struct audience *audience, struct tap *tap, struct stream *stream,
                            struct rendition_key key, tap_fn *on_item)
{
    struct channel *channel = channel_open(audience, stream, key);
    if (!channel) {
        return false;
    }
    channel->users++;
    tap->channel = channel;
    tap_open(tap, &channel->taps, stream, on_item);
    return true;
}

void audience_show_newest(struct tap *tap)
{
    struct rendition *rendition = tap->channel->rendition;
    struct feed_item item = {
        .type = FEED_PICTURE,
        .stream = tap->stream,
        .rendition_id = rendition_id(rendition),
        .parcel = rendition_newest(rendition),
    };
    if (item.parcel) {
        deliver(tap, &item);
        parcel_unref(&item.parcel);
    }
}

void audience_open_predictions(struct audience *audience, struct tap *tap, struct stream *stream,
                               enum prediction_format format, tap_fn *on_item)
{
    tap_open(tap, &desk_of(audience, stream)->predictions[format], stream, on_item);
    tap->format = format;
    if (format != PREDICTION_OWN) {
        stream_format_open(stream, format);
    }
}

void audience_open_changes(struct audience *audience, struct tap *tap, struct stream *stream,
                           tap_fn *on_item)
{
    tap_open(tap, &desk_of(audience, stream)->changes, stream, on_item);
}

void audience_close(struct audience *audience, struct tap *tap)
{
    (void)audience;
    if (!tap->stream) {
        return;
    }
    list_remove(&tap->link);
    struct channel *channel = tap->channel;
    if (tap->format != PREDICTION_OWN) {
        stream_format_close(tap->stream, tap->format);
    }
    *tap = (struct tap){ .seen_seq = tap->seen_seq }; /* it may be opened again */
    if (channel) {
        channel_release(&channel);
    }
}
