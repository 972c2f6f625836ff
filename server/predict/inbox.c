/* SPDX-License-Identifier: MIT */
#include "predict/inbox.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

void inbox_init(struct inbox *inbox, unsigned capacity)
{
    assert(capacity >= 1 && capacity <= INBOX_CAPACITY_MAX);
    *inbox = (struct inbox){ .capacity = capacity };
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_cond_init(&inbox->has_picture, NULL);
    pthread_cond_init(&inbox->has_room, &steady);
    pthread_cond_init(&inbox->has_stopped, &steady);
    pthread_condattr_destroy(&steady);
}

void inbox_item_free(struct inbox_item *item)
{
    picture_unref(&item->picture);
    free(item->found);
    item->found = NULL;
}

static struct inbox_item pop_locked(struct inbox *inbox)
{
    struct inbox_item item = inbox->items[inbox->first];
    inbox->items[inbox->first] = (struct inbox_item){ 0 };
    inbox->first = (inbox->first + 1) % inbox->capacity;
    inbox->count--;
    return item;
}

void inbox_fini(struct inbox *inbox)
{
    while (inbox->count > 0) {
        struct inbox_item item = pop_locked(inbox);
        inbox_item_free(&item);
    }
    pthread_cond_destroy(&inbox->has_stopped);
    pthread_cond_destroy(&inbox->has_room);
    pthread_cond_destroy(&inbox->has_picture);
    pthread_mutex_destroy(&inbox->lock);
}

struct inbox_item inbox_put(struct inbox *inbox, struct inbox_item item)
{
    assert(item.picture);
    struct inbox_item left_out = { 0 };
    item.put_ns = clock_steady_ns();
    pthread_mutex_lock(&inbox->lock);
    if (inbox->is_stopped) {
        left_out = item;
    } else {
        if (inbox->count == inbox->capacity) {
            left_out = pop_locked(inbox);
        }
        inbox->items[(inbox->first + inbox->count) % inbox->capacity] = item;
        inbox->count++;
        pthread_cond_signal(&inbox->has_picture);
    }
    pthread_mutex_unlock(&inbox->lock);
    return left_out;
}

bool inbox_take(struct inbox *inbox, struct inbox_item *item, uint64_t *ticket)
{
    pthread_mutex_lock(&inbox->lock);
    while (inbox->count == 0 && !inbox->is_stopped) {
        pthread_cond_wait(&inbox->has_picture, &inbox->lock);
    }
    const bool has_taken = !inbox->is_stopped;
    if (has_taken) {
        *item = pop_locked(inbox);
        *ticket = inbox->next_ticket++;
        pthread_cond_signal(&inbox->has_room);
    }
    pthread_mutex_unlock(&inbox->lock);
    return has_taken;
}

static struct timespec deadline_in(int64_t duration_ns)
{
    const int64_t end_ns = clock_steady_ns() + duration_ns;
    return (struct timespec){ .tv_sec = end_ns / NS_PER_S, .tv_nsec = end_ns % NS_PER_S };
}

bool inbox_wait_for_room(struct inbox *inbox, int64_t timeout_ns)
{
    const struct timespec until = deadline_in(timeout_ns);
    pthread_mutex_lock(&inbox->lock);
    int err = 0;
    while (inbox->count == inbox->capacity && !inbox->is_stopped && !err) {
        err = pthread_cond_timedwait(&inbox->has_room, &inbox->lock, &until);
    }
    const bool has_room = inbox->count < inbox->capacity && !inbox->is_stopped;
    pthread_mutex_unlock(&inbox->lock);
    return has_room;
}

bool inbox_pause(struct inbox *inbox, int64_t duration_ns)
{
    const struct timespec until = deadline_in(duration_ns);
    pthread_mutex_lock(&inbox->lock);
    int err = 0;
    while (!inbox->is_stopped && !err) {
        err = pthread_cond_timedwait(&inbox->has_stopped, &inbox->lock, &until);
    }
    const bool is_stopped = inbox->is_stopped;
    pthread_mutex_unlock(&inbox->lock);
    return !is_stopped;
}

void inbox_stop(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->is_stopped = true;
    pthread_cond_broadcast(&inbox->has_picture);
    pthread_cond_broadcast(&inbox->has_room);
    pthread_cond_broadcast(&inbox->has_stopped);
    pthread_mutex_unlock(&inbox->lock);
}
