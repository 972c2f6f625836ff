/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_INBOX_H
#define PREDICT_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>

#include "picture/picture.h"
#include "predict/prediction.h"

/*
 * A mailbox for pictures, with several takers who may wait for them. It holds so many; when it is
 * full the newest takes the place of the oldest, and whoever puts gets that back, and counts it.
 * With a capacity of one there is only ever the newest.
 *
 * Takers get tickets 0, 1, 2, … in the order in which they take, which is the pictures' order.
 * Threads: any.
 */
#define INBOX_CAPACITY_MAX 64

/** What somebody else found in a picture, to be looked at closer. */
struct found {
    size_t count;
    struct prediction_object objects[]; /* count of them */
};

/** A picture on its way; both owned by whoever has the item. */
struct inbox_item {
    struct picture *picture; /* NULL: there is none */
    struct found *found;     /* from malloc(); NULL: the whole picture is to be looked at */
    int64_t put_ns;          /* steady clock; set by inbox_put() */
};

struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t has_picture;
    pthread_cond_t has_room;
    pthread_cond_t has_stopped;
    struct inbox_item items[INBOX_CAPACITY_MAX]; /* a ring: count of them from first */
    unsigned capacity, first, count;
    uint64_t next_ticket;
    bool is_stopped;
};

/** capacity: 1 to INBOX_CAPACITY_MAX. */
void inbox_init(struct inbox *inbox, unsigned capacity);

/** Releases what waits; nobody may be waiting any more. */
void inbox_fini(struct inbox *inbox);

/** Put an item (takes it) and give back the one it replaced, or itself once stopped, or none. */
FC_NODISCARD struct inbox_item inbox_put(struct inbox *inbox, struct inbox_item item);

/** Release what an item has; ignores one without a picture. */
void inbox_item_free(struct inbox_item *item);

/** Wait until a put would replace nothing, at most that time; false when it would, or stopped. */
bool inbox_wait_for_room(struct inbox *inbox, int64_t timeout_ns);

/** Wait for the oldest item and give it; false once stopped. */
FC_NODISCARD bool inbox_take(struct inbox *inbox, struct inbox_item *item, uint64_t *ticket);

/** Let that time pass; false, and sooner, once stopped. */
bool inbox_pause(struct inbox *inbox, int64_t duration_ns);

void inbox_stop(struct inbox *inbox);

#endif
