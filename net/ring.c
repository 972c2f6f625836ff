/* SPDX-License-Identifier: MIT */
#include "net/ring.h"

#include <assert.h>
#include <stdlib.h>

#define CAPACITY_MIN 4 /* a power of two, as all capacities are */

static bool reserve(struct ring *ring)
{
    if (ring->count < ring->capacity) {
        return true;
    }
    const uint32_t capacity = ring->capacity ? ring->capacity * 2 : CAPACITY_MIN;
    struct fc_message **places = malloc(capacity * sizeof(struct fc_message *));
    if (!places) {
        return false;
    }
    for (uint32_t i = 0; i < ring->count; i++) {
        places[i] = ring_get(ring, i);
    }
    free(ring->places);
    *ring = (struct ring){ .places = places, .count = ring->count, .capacity = capacity };
    return true;
}

bool ring_push(struct ring *ring, struct fc_message *message)
{
    if (!reserve(ring)) {
        return false;
    }
    ring->places[(ring->first + ring->count) & (ring->capacity - 1)] = fc_message_ref(message);
    ring->count++;
    return true;
}

bool ring_push_front(struct ring *ring, struct fc_message *message)
{
    if (!reserve(ring)) {
        return false;
    }
    ring->first = (ring->first - 1) & (ring->capacity - 1);
    ring->places[ring->first] = fc_message_ref(message);
    ring->count++;
    return true;
}

struct fc_message *ring_pop(struct ring *ring)
{
    assert(ring->count > 0);
    struct fc_message *message = ring_get(ring, 0);
    ring->first = (ring->first + 1) & (ring->capacity - 1);
    ring->count--;
    if (ring->count == 0 && ring->capacity > CAPACITY_MIN) {
        ring_fini(ring);
    }
    return message;
}

void ring_fini(struct ring *ring)
{
    while (ring->count > 0) {
        struct fc_message *message = ring_get(ring, ring->count - 1);
        fc_message_unref(&message);
        ring->count--;
    }
    free(ring->places);
    *ring = (struct ring){ 0 };
}
