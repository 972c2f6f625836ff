/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_INBOX_H
#define PREDICT_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>

#include "picture/picture.h"

/*
 * A mailbox for one picture, with several takers who may wait for it: the newest wins. Capacity
 * one; whoever puts gets back what was replaced, and counts it.
 *
 * Takers get tickets 0, 1, 2, … in the order in which they take, which is the pictures' order.
 * Threads: any.
 */
struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t has_picture;
    pthread_cond_t has_room;
    pthread_cond_t has_stopped;
    struct picture *picture; /* owned */
    uint64_t next_ticket;
    bool is_stopped;
};

void inbox_init(struct inbox *inbox);

/** Releases what waits; nobody may be waiting any more. */
void inbox_fini(struct inbox *inbox);

/** Put a picture (takes it) and give back the one it replaced, or itself once stopped; or NULL. */
FC_NODISCARD struct picture *inbox_put(struct inbox *inbox, struct picture *picture);

/** Wait until a put would replace nothing, at most that time; false when it would, or stopped. */
bool inbox_wait_for_room(struct inbox *inbox, int64_t timeout_ns);

/** Wait for a picture and give it; NULL once stopped. */
FC_NODISCARD struct picture *inbox_take(struct inbox *inbox, uint64_t *ticket);

/** Let that time pass; false, and sooner, once stopped. */
bool inbox_pause(struct inbox *inbox, int64_t duration_ns);

void inbox_stop(struct inbox *inbox);

#endif
