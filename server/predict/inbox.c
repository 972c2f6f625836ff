/* SPDX-License-Identifier: MIT */
#include "predict/inbox.h"

#include <assert.h>
#include <time.h>

#include "base/clock.h"

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){ 0 };
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_cond_init(&inbox->has_picture, NULL);
    pthread_cond_init(&inbox->has_room, &steady);
    pthread_cond_init(&inbox->has_stopped, &steady);
    pthread_condattr_destroy(&steady);
}

void inbox_fini(struct inbox *inbox)
{
    picture_unref(&inbox->picture);
    pthread_cond_destroy(&inbox->has_stopped);
    pthread_cond_destroy(&inbox->has_room);
    pthread_cond_destroy(&inbox->has_picture);
    pthread_mutex_destroy(&inbox->lock);
}

struct picture *inbox_put(struct inbox *inbox, struct picture *picture)
{
    assert(picture);
    struct picture *replaced = picture;
    pthread_mutex_lock(&inbox->lock);
    if (!inbox->is_stopped) {
        replaced = inbox->picture;
        inbox->picture = picture;
        pthread_cond_signal(&inbox->has_picture);
    }
    pthread_mutex_unlock(&inbox->lock);
    return replaced;
}

struct picture *inbox_take(struct inbox *inbox, uint64_t *ticket)
{
    struct picture *picture = NULL;
    pthread_mutex_lock(&inbox->lock);
    while (!inbox->picture && !inbox->is_stopped) {
        pthread_cond_wait(&inbox->has_picture, &inbox->lock);
    }
    if (!inbox->is_stopped) {
        picture = inbox->picture;
        inbox->picture = NULL;
        *ticket = inbox->next_ticket++;
        pthread_cond_signal(&inbox->has_room);
    }
    pthread_mutex_unlock(&inbox->lock);
    return picture;
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
    while (inbox->picture && !inbox->is_stopped && !err) {
        err = pthread_cond_timedwait(&inbox->has_room, &inbox->lock, &until);
    }
    const bool has_room = !inbox->picture && !inbox->is_stopped;
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
