/* SPDX-License-Identifier: MIT */
#ifndef NET_RING_H
#define NET_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/message.h>

/*
 * A queue of messages that grows. Empty, it keeps no more than the few places that most queues ever
 * need, so that a connection which answers one message at a time allocates nothing for it.
 */

/** { 0 } is empty. Threads: one at a time. */
struct ring {
    struct fc_message **places;
    uint32_t first, count, capacity;
};

/** Append, or put before all. Takes a reference. Errors: false without memory. */
FC_NODISCARD bool ring_push(struct ring *ring, struct fc_message *message);
FC_NODISCARD bool ring_push_front(struct ring *ring, struct fc_message *message);

/** Take the first of a ring that is not empty. Gives. */
struct fc_message *ring_pop(struct ring *ring);

/** One of them, borrowed; index below the count. */
static inline struct fc_message *ring_get(const struct ring *ring, uint32_t index)
{
    return ring->places[(ring->first + index) & (ring->capacity - 1)];
}

/** Drop them all, and the memory. */
void ring_fini(struct ring *ring);

#endif
