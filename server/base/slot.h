/* SPDX-License-Identifier: MIT */
#ifndef BASE_SLOT_H
#define BASE_SLOT_H

#include <stdatomic.h>
#include <stddef.h>

/*
 * A mailbox for one value: the newest wins. Capacity one; whoever puts gets back what was
 * replaced, releases it and counts it. Threads: any. The release half of the exchange in put
 * pairs with the acquire half in take.
 */
struct slot {
    void *_Atomic value;
};

/** Put a value (takes it) and give back the one that it replaced, NULL if the slot was empty. */
static inline void *slot_put(struct slot *slot, void *value)
{
    return atomic_exchange_explicit(&slot->value, value, memory_order_acq_rel);
}

/** Empty the slot; gives NULL if there was nothing. */
static inline void *slot_take(struct slot *slot)
{
    return atomic_exchange_explicit(&slot->value, NULL, memory_order_acq_rel);
}

#endif
