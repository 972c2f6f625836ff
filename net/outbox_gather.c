/* SPDX-License-Identifier: MIT */
/*
 * What is to be written next. The order is that of outbox_advance(): what has begun, the queue,
 * then a slot's message.
 */
#include "net/outbox.h"

#include <assert.h>
#include <string.h>

#include "net/message.h"
#include "net/outbox_slots.h"

#define PARTS_PER_MESSAGE 3

/* A message, and how it goes to this receiver. */
struct due {
    struct fc_message *message; /* NULL: there is none */
    struct fc_bytes head;       /* the message's, or a copy with this receiver's count */
    size_t sent;
};

static struct due due_current(const struct outbox *outbox)
{
    struct due due = {
        .message = outbox->current,
        .head = message_head(outbox->current),
        .sent = outbox->current_sent,
    };
    if (outbox->current_slot != OUTBOX_NONE && due.message->skipped_at) {
        due.head.data = outbox->slots->head;
    }
    return due;
}

static struct due due_queued(const struct outbox *outbox, uint32_t index)
{
    struct fc_message *message = ring_get(&outbox->queue, index);
    return (struct due){ .message = message, .head = message_head(message) };
}

/* Write this receiver's count of left-out messages into a copy of the head. */
static struct due due_slot(struct outbox_slots *slots, const struct outbox_slot *slot)
{
    struct due due = { .message = slot->message, .head = message_head(slot->message) };
    const size_t at = slot->message->skipped_at;
    if (at) {
        assert(due.head.size <= sizeof(slots->head) && at + 2 <= due.head.size);
        const uint32_t skipped = slot->skipped < UINT16_MAX ? slot->skipped : UINT16_MAX;
        memcpy(slots->head, due.head.data, due.head.size);
        slots->head[at] = (uint8_t)(skipped >> 8);
        slots->head[at + 1] = (uint8_t)skipped;
        due.head.data = slots->head;
    }
    return due;
}

/* Choose a slot whose message may begin; without one, none is due. */
static struct due due_chosen(struct outbox *outbox)
{
    const uint32_t slot = outbox_slot_find(outbox, false);
    outbox->chosen = (uint16_t)slot;
    if (slot == OUTBOX_NONE) {
        return (struct due){ 0 };
    }
    return due_slot(outbox->slots, &outbox->slots->slot[slot]);
}

struct gathering {
    struct iovec *iov;
    int count, max;
    size_t size; /* of the parts */
};

static bool has_space(const struct gathering *g)
{
    return g->count + PARTS_PER_MESSAGE <= g->max && g->size < OUTBOX_WRITE_BYTES;
}

/* Add one part, less what of the message has gone already; gives what is left of `sent`. */
static size_t gather_part(struct gathering *g, struct fc_bytes part, size_t sent)
{
    if (sent >= part.size) {
        return sent - part.size;
    }
    assert(g->count < g->max);
    g->size += part.size - sent;
    g->iov[g->count++] = (struct iovec){
        .iov_base = (void *)(uintptr_t)(part.data + sent),
        .iov_len = part.size - sent,
    };
    return 0;
}

static void gather_message(struct gathering *g, const struct due *due)
{
    size_t sent = gather_part(g, due->head, due->sent);
    sent = gather_part(g, message_body(due->message), sent);
    (void)gather_part(g, message_tail(due->message), sent);
}

static void gather_due(const struct outbox *outbox, struct gathering *g)
{
    if (outbox->current) {
        const struct due due = due_current(outbox);
        gather_message(g, &due);
    }
    for (uint32_t i = 0; i < outbox->queue.count && has_space(g); i++) {
        const struct due due = due_queued(outbox, i);
        gather_message(g, &due);
    }
}

int outbox_gather(struct outbox *outbox, bool may_begin, struct iovec *iov, int iov_max)
{
    struct gathering g = { .iov = iov, .max = iov_max };
    outbox->chosen = OUTBOX_NONE;
    gather_due(outbox, &g);
    if (has_space(&g) && may_begin && !outbox->behind && outbox->current_slot == OUTBOX_NONE) {
        const struct due due = due_chosen(outbox);
        if (due.message) {
            gather_message(&g, &due);
        }
    }
    return g.count;
}
