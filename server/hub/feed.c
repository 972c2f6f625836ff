/* SPDX-License-Identifier: MIT */
#include "hub/feed.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/*
 * One ring under one lock, in the order of arrival. A newer picture takes the place of the one that
 * waits for the same rendition; a second change of a stream is the same news as the first, because
 * whoever takes it asks the stream what it is now.
 */

struct feed {
    pthread_mutex_t lock; /* guards the ring; never held during wake */
    void (*wake)(void *ctx);
    void *ctx;
    size_t first, count;
    _Atomic uint64_t dropped;
    struct feed_item items[FEED_MAX];
};

struct feed *feed_new(void (*wake)(void *ctx), void *ctx)
{
    assert(wake);
    struct feed *feed = calloc(1, sizeof(*feed));
    if (!feed) {
        return NULL;
    }
    feed->wake = wake;
    feed->ctx = ctx;
    pthread_mutex_init(&feed->lock, NULL);
    return feed;
}

void feed_free(struct feed **feed)
{
    struct feed *f = *feed;
    *feed = NULL;
    if (!f) {
        return;
    }
    for (struct feed_item item; feed_take(f, &item);) {
        parcel_unref(&item.parcel);
    }
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* What waits and would be replaced by item, or NULL. */
static struct feed_item *find_older(struct feed *feed, const struct feed_item *item)
{
    if (item->type == FEED_PREDICTION) {
        return NULL;
    }
    for (size_t i = 0; i < feed->count; i++) {
        struct feed_item *waiting = &feed->items[(feed->first + i) % FEED_MAX];
        if (waiting->type == item->type && waiting->stream == item->stream &&
            waiting->rendition_id == item->rendition_id) {
            return waiting;
        }
    }
    return NULL;
}

/* Put an item that holds its own reference; gives the parcel that has no place any more, or NULL.
 */
static struct parcel *put_locked(struct feed *feed, const struct feed_item *item)
{
    struct feed_item *older = find_older(feed, item);
    if (!older && feed->count < FEED_MAX) {
        feed->items[(feed->first + feed->count) % FEED_MAX] = *item;
        feed->count++;
        return NULL;
    }
    if (item->type != FEED_CHANGE || !older) {
        atomic_fetch_add_explicit(&feed->dropped, 1, memory_order_relaxed);
    }
    struct parcel *unwanted = older ? older->parcel : item->parcel;
    if (older) {
        *older = *item;
    }
    return unwanted;
}

void feed_put(struct feed *feed, const struct feed_item *item)
{
    assert((item->type == FEED_CHANGE) == !item->parcel);
    if (item->parcel) {
        parcel_ref(item->parcel);
    }
    pthread_mutex_lock(&feed->lock);
    const bool was_empty = feed->count == 0;
    struct parcel *unwanted = put_locked(feed, item);
    pthread_mutex_unlock(&feed->lock);
    parcel_unref(&unwanted);
    if (was_empty) {
        feed->wake(feed->ctx);
    }
}

bool feed_take(struct feed *feed, struct feed_item *item)
{
    pthread_mutex_lock(&feed->lock);
    const bool has_item = feed->count > 0;
    if (has_item) {
        *item = feed->items[feed->first];
        feed->first = (feed->first + 1) % FEED_MAX;
        feed->count--;
    }
    pthread_mutex_unlock(&feed->lock);
    return has_item;
}

uint64_t feed_dropped(const struct feed *feed)
{
    return atomic_load_explicit(&feed->dropped, memory_order_relaxed);
}
