/* SPDX-License-Identifier: MIT */
/*
 * What is to be written next: parts in memory, or a message in pages. The order is that of
 * outbox_advance(): what has begun, the queue, then a slot's message.
 */
#include "net/outbox.h"

#include <assert.h>
#include <string.h>

#include "net/message.h"
#include "net/outbox_slots.h"

#define PARTS_PER_MESSAGE 3
#define PAGES_AMONG_OTHERS_MIN_BYTES (8 * MESSAGE_PAGES_MIN_BYTES)

/* A message, and how it goes to this receiver. */
struct due {
    struct fc_message *message; /* NULL: there is none */
    struct fc_bytes head;
    size_t sent;
    bool is_personal; /* the head is not the message's, but has this receiver's count */
};

/* The head with this receiver's count of left-out messages, if that is another than it was made
 * with. */
static void make_personal(struct due *due, const struct outbox_slots *slots)
{
    const size_t at = due->message->skipped_at;
    if (at && memcmp(slots->head + at, due->head.data + at, 2) != 0) {
        due->head.data = slots->head;
        due->is_personal = true;
    }
}

static struct due due_current(const struct outbox *outbox)
{
    struct due due = {
        .message = outbox->current,
        .head = message_head(outbox->current),
        .sent = outbox->current_sent,
    };
    if (outbox->current_slot != OUTBOX_NONE) {
        make_personal(&due, outbox->slots);
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
        make_personal(&due, slots);
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

/* How large a message must be to leave in pages: of several, small ones rather leave together, in
 * one write of copies. */
static size_t pages_min(const struct outbox *outbox)
{
    const bool is_single = outbox->queue.count + (outbox->current ? 1 : 0) <= 1;
    return !outbox->takes_pages ? SIZE_MAX : is_single ? 0 : PAGES_AMONG_OTHERS_MIN_BYTES;
}

struct gathering {
    struct iovec *iov;
    int count, max;
    size_t pages_min;
    struct outbox_pages *follow;
};

static bool has_space(const struct gathering *g)
{
    return g->count + PARTS_PER_MESSAGE <= g->max;
}

/* Add one part, less what of the message has gone already; gives what is left of `sent`. */
static size_t gather_part(struct gathering *g, struct fc_bytes part, size_t sent)
{
    if (sent >= part.size) {
        return sent - part.size;
    }
    assert(g->count < g->max);
    g->iov[g->count++] = (struct iovec){
        .iov_base = (void *)(uintptr_t)(part.data + sent),
        .iov_len = part.size - sent,
    };
    return 0;
}

/* Add a message; false when it, or what follows its personal head, is in pages. */
static bool gather_message(struct gathering *g, const struct due *due)
{
    const size_t size = fc_message_size(due->message);
    const bool needs_head = due->is_personal && due->sent < due->head.size;
    const size_t skip = needs_head ? due->head.size : due->sent;
    const struct pages *pages =
        size >= g->pages_min && skip < size ? message_pages(due->message) : NULL;
    if (pages) {
        if (needs_head) {
            (void)gather_part(g, due->head, due->sent);
        }
        *g->follow = (struct outbox_pages){ pages, skip, size - skip };
        return false;
    }
    size_t sent = gather_part(g, due->head, due->sent);
    sent = gather_part(g, message_body(due->message), sent);
    (void)gather_part(g, message_tail(due->message), sent);
    return true;
}

/* As gather_message(). */
static bool gather_due(const struct outbox *outbox, struct gathering *g)
{
    if (outbox->current) {
        const struct due due = due_current(outbox);
        if (!gather_message(g, &due)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < outbox->queue.count && has_space(g); i++) {
        const struct due due = due_queued(outbox, i);
        if (!gather_message(g, &due)) {
            return false;
        }
    }
    return true;
}

int outbox_gather(struct outbox *outbox, bool may_begin, struct iovec *iov, int iov_max,
                  struct outbox_pages *follow)
{
    struct gathering g = {
        .iov = iov, .max = iov_max, .pages_min = pages_min(outbox), .follow = follow
    };
    *follow = (struct outbox_pages){ 0 };
    outbox->chosen = OUTBOX_NONE;
    const bool is_all = gather_due(outbox, &g);
    if (is_all && has_space(&g) && may_begin && !outbox->behind &&
        outbox->current_slot == OUTBOX_NONE) {
        const struct due due = due_chosen(outbox);
        (void)(due.message && gather_message(&g, &due));
    }
    return g.count;
}
