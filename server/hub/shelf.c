/* SPDX-License-Identifier: MIT */
#include "hub/shelf.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * A short ring for each predictor, made with its first prediction: more than one, because a picture
 * may be encoded late, when predictions of later pictures are there already.
 */

#define KEPT 4

struct entry {
    uint64_t seq; /* 0: none */
    int64_t captured_at_us;
    size_t object_count;
    struct prediction_object objects[PREDICTION_OBJECTS_MAX];
};

struct ring {
    unsigned next;
    struct entry entries[KEPT];
};

struct shelf {
    pthread_mutex_t lock; /* guards what follows */
    struct ring *rings[SHELF_PREDICTORS_MAX];
};

struct shelf *shelf_new(void)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    if (shelf) {
        pthread_mutex_init(&shelf->lock, NULL);
    }
    return shelf;
}

void shelf_free(struct shelf **shelf)
{
    struct shelf *s = *shelf;
    *shelf = NULL;
    if (!s) {
        return;
    }
    for (unsigned i = 0; i < SHELF_PREDICTORS_MAX; i++) {
        free(s->rings[i]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void shelf_put(struct shelf *shelf, unsigned predictor, const struct prediction *prediction)
{
    assert(predictor < SHELF_PREDICTORS_MAX);
    assert(prediction->object_count <= PREDICTION_OBJECTS_MAX);
    pthread_mutex_lock(&shelf->lock);
    struct ring *ring = shelf->rings[predictor];
    if (!ring) {
        ring = shelf->rings[predictor] = calloc(1, sizeof(*ring));
    }
    if (ring) {
        struct entry *entry = &ring->entries[ring->next];
        ring->next = (ring->next + 1) % KEPT;
        entry->seq = prediction->seq;
        entry->captured_at_us = prediction->captured_at_us;
        entry->object_count = prediction->object_count;
        memcpy(entry->objects, prediction->objects,
               prediction->object_count * sizeof(entry->objects[0]));
    }
    pthread_mutex_unlock(&shelf->lock);
}

/* A clock that was set back makes an age below 0: then it is not known to be young. */
static bool is_fitting(const struct entry *entry, const struct picture *picture)
{
    const int64_t age_us = picture->captured_at_us - entry->captured_at_us;
    return entry->seq > 0 && entry->seq <= picture->seq && age_us >= 0 &&
           age_us <= SHELF_AGE_MAX_US;
}

static const struct entry *find_locked(const struct shelf *shelf, unsigned predictor,
                                       const struct picture *picture)
{
    const struct ring *ring = shelf->rings[predictor];
    const struct entry *best = NULL;
    for (unsigned i = 0; ring && i < KEPT; i++) {
        const struct entry *entry = &ring->entries[i];
        if (is_fitting(entry, picture) && (!best || entry->seq > best->seq)) {
            best = entry;
        }
    }
    return best;
}

static void view_add(struct shelf_view *view, const struct entry *entry)
{
    const size_t room = PREDICTION_OBJECTS_MAX - view->object_count;
    const size_t count = entry->object_count < room ? entry->object_count : room;
    memcpy(view->objects + view->object_count, entry->objects, count * sizeof(entry->objects[0]));
    view->object_count += count;
    view->predictions++;
    view->seq = entry->seq > view->seq ? entry->seq : view->seq;
}

void shelf_look(struct shelf *shelf, const struct picture *picture, struct shelf_view *out)
{
    out->predictions = 0;
    out->seq = 0;
    out->object_count = 0;
    pthread_mutex_lock(&shelf->lock);
    for (unsigned i = 0; i < SHELF_PREDICTORS_MAX; i++) {
        const struct entry *entry = find_locked(shelf, i, picture);
        if (entry) {
            view_add(out, entry);
        }
    }
    pthread_mutex_unlock(&shelf->lock);
}

unsigned shelf_count(struct shelf *shelf, const struct picture *picture)
{
    unsigned count = 0;
    pthread_mutex_lock(&shelf->lock);
    for (unsigned i = 0; i < SHELF_PREDICTORS_MAX; i++) {
        count += find_locked(shelf, i, picture) != NULL;
    }
    pthread_mutex_unlock(&shelf->lock);
    return count;
}
