/* SPDX-License-Identifier: MIT */
#ifndef HUB_FEED_H
#define HUB_FEED_H

#include "hub/parcel.h"

/*
 * The mailbox from the streams to one loop: what that loop has yet to hand to its viewers.
 *
 * Pictures: one waiting per rendition, the newest wins, what it replaced is counted. Predictions
 * and changes of a stream: in order, at most FEED_MAX waiting in all; past that the new one is
 * dropped and counted. Any thread puts, the loop takes.
 */

struct feed; /* Threads: any. */
struct stream;

#define FEED_MAX 1024

enum feed_type {
    FEED_PICTURE,    /* parcel, rendition_id */
    FEED_PREDICTION, /* parcel, format */
    FEED_CHANGE,     /* the stream's state, size or predictor changed; no parcel */
};

struct feed_item {
    enum feed_type type;
    struct stream *stream; /* borrowed; streams outlive the loops */
    uint64_t rendition_id; /* never used twice */
    enum prediction_format format;
    struct parcel *parcel; /* owned by whoever holds the item */
};

/** wake is called, on the putting thread, when the feed stops being empty. */
FC_NODISCARD struct feed *feed_new(void (*wake)(void *ctx), void *ctx);

/** Releases what waits; ignores NULL. */
void feed_free(struct feed **feed);

/** Put an item; shares item->parcel. */
void feed_put(struct feed *feed, const struct feed_item *item);

/** Take the oldest item; gives its parcel. False when there is none. */
bool feed_take(struct feed *feed, struct feed_item *item);

/** Pictures replaced and others dropped because the loop was late. */
uint64_t feed_dropped(const struct feed *feed);

#endif
