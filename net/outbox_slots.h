/* SPDX-License-Identifier: MIT */
#ifndef NET_OUTBOX_SLOTS_H
#define NET_OUTBOX_SLOTS_H

#include "net/outbox.h"

/* The slots of an outbox; for outbox.c and outbox_gather.c alone. */

struct outbox_slot {
    struct fc_message *message; /* owned; NULL: empty */
    uint32_t skipped;           /* replaced since the last one that began */
    bool is_held;
};

struct outbox_slots {
    uint64_t dropped;
    uint32_t count;
    uint32_t next;                     /* where the search for the next one begins: round robin */
    uint8_t head[FC_MESSAGE_HEAD_MAX]; /* of the current message, with this receiver's skipped */
    struct outbox_slot slot[];
};

/** The next slot, in turn, that has a message and is held or not; OUTBOX_NONE when there is none.
 */
uint32_t outbox_slot_find(const struct outbox *outbox, bool is_held);

#endif
