/* SPDX-License-Identifier: MIT */
#include "net/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/conn.h>

#include "net/message.h"
#include "net/outbox_slots.h"

void outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){ .chosen = OUTBOX_NONE, .current_slot = OUTBOX_NONE };
}

void outbox_fini(struct outbox *outbox)
{
    outbox_clear_queue(outbox);
    outbox_clear_slots(outbox);
    fc_message_unref(&outbox->current);
    ring_fini(&outbox->queue);
    free(outbox->slots);
    outbox_init(outbox);
}

static bool push(struct outbox *outbox, struct ring *ring, struct fc_message *message)
{
    if (fc_message_size(message) == 0) {
        return true; /* nothing to send, and nothing would ever say that it went */
    }
    if (!ring_push(ring, message)) {
        return false;
    }
    outbox->queued_bytes += fc_message_size(message);
    return true;
}

void outbox_begin(struct outbox *outbox, struct fc_message *message)
{
    assert(!outbox_has_due(outbox) && fc_message_size(message) > 0);
    outbox->current = fc_message_ref(message);
    outbox->current_sent = 0;
}

bool outbox_push(struct outbox *outbox, struct fc_message *message)
{
    return push(outbox, outbox->behind ? outbox->behind : &outbox->queue, message);
}

bool outbox_push_front(struct outbox *outbox, struct fc_message *message)
{
    assert(fc_message_size(message) > 0);
    if (!ring_push_front(&outbox->queue, message)) {
        return false;
    }
    outbox->queued_bytes += fc_message_size(message);
    return true;
}

/* The message in parts has ended: what is behind it follows. False without memory, which leaves the
 * rest behind: the connection is over then. */
static bool catch_up(struct outbox *outbox)
{
    struct ring *behind = outbox->behind;
    while (behind->count > 0) {
        if (!ring_push(&outbox->queue, ring_get(behind, 0))) {
            return false;
        }
        struct fc_message *message = ring_pop(behind);
        fc_message_unref(&message);
    }
    ring_fini(behind);
    free(behind);
    outbox->behind = NULL;
    return true;
}

bool outbox_push_part(struct outbox *outbox, struct fc_message *message, bool is_last)
{
    if (!outbox->behind && !is_last) {
        outbox->behind = calloc(1, sizeof(*outbox->behind));
        if (!outbox->behind) {
            return false;
        }
    }
    return push(outbox, &outbox->queue, message) &&
           (!is_last || !outbox->behind || catch_up(outbox));
}

static void drop(struct outbox *outbox, struct ring *ring)
{
    while (ring->count > 0) {
        struct fc_message *message = ring_pop(ring);
        outbox->queued_bytes -= fc_message_size(message);
        fc_message_unref(&message);
    }
}

static void drop_behind(struct outbox *outbox)
{
    if (outbox->behind) {
        drop(outbox, outbox->behind);
        ring_fini(outbox->behind);
        free(outbox->behind);
        outbox->behind = NULL;
    }
}

bool outbox_push_last(struct outbox *outbox, struct fc_message *message)
{
    drop_behind(outbox);
    return outbox_push(outbox, message);
}

bool outbox_is_in_parts(const struct outbox *outbox)
{
    return outbox->behind != NULL;
}

uint32_t outbox_queued_count(const struct outbox *outbox)
{
    return outbox->queue.count + (outbox->behind ? outbox->behind->count : 0);
}

/* The slot, made if need be; NULL without memory. */
static struct outbox_slot *slot_reserve(struct outbox *outbox, uint32_t slot)
{
    assert(slot < FC_CONN_SLOTS_MAX);
    const uint32_t count = outbox->slots ? outbox->slots->count : 0;
    if (slot >= count) {
        struct outbox_slots *slots =
            realloc(outbox->slots, sizeof(*slots) + (slot + 1) * sizeof(struct outbox_slot));
        if (!slots) {
            return NULL;
        }
        if (count == 0) {
            *slots = (struct outbox_slots){ 0 };
        }
        for (uint32_t i = count; i <= slot; i++) {
            slots->slot[i] = (struct outbox_slot){ 0 };
        }
        slots->count = slot + 1;
        outbox->slots = slots;
    }
    return &outbox->slots->slot[slot];
}

bool outbox_put(struct outbox *outbox, uint32_t slot, struct fc_message *message)
{
    if (fc_message_size(message) == 0) {
        return true;
    }
    struct outbox_slot *s = slot_reserve(outbox, slot);
    if (!s) {
        return false;
    }
    if (s->message) {
        fc_message_unref(&s->message);
        s->skipped++;
        outbox->slots->dropped++;
    }
    s->message = fc_message_ref(message);
    return true;
}

void outbox_hold(struct outbox *outbox, uint32_t slot, bool is_held)
{
    struct outbox_slot *s = slot_reserve(outbox, slot);
    if (s) {
        s->is_held = is_held;
    }
}

void outbox_clear(struct outbox *outbox, uint32_t slot)
{
    if (outbox->slots && slot < outbox->slots->count) {
        fc_message_unref(&outbox->slots->slot[slot].message);
        outbox->slots->slot[slot] = (struct outbox_slot){ 0 };
    }
}

void outbox_clear_slots(struct outbox *outbox)
{
    for (uint32_t i = 0; outbox->slots && i < outbox->slots->count; i++) {
        outbox_clear(outbox, i);
    }
}

void outbox_clear_queue(struct outbox *outbox)
{
    drop_behind(outbox);
    drop(outbox, &outbox->queue);
}

bool outbox_has_queued(const struct outbox *outbox)
{
    return outbox->queue.count > 0 || (outbox->current && outbox->current_slot == OUTBOX_NONE);
}

bool outbox_has_due(const struct outbox *outbox)
{
    return outbox->current || outbox->queue.count > 0;
}

uint32_t outbox_slot_find(const struct outbox *outbox, bool is_held)
{
    const struct outbox_slots *slots = outbox->slots;
    for (uint32_t i = 0; slots && i < slots->count; i++) {
        const uint32_t at = (slots->next + i) % slots->count;
        if (slots->slot[at].message && slots->slot[at].is_held == is_held) {
            return at;
        }
    }
    return OUTBOX_NONE;
}

bool outbox_has_ready_slot(const struct outbox *outbox)
{
    return !outbox->behind && outbox_slot_find(outbox, false) != OUTBOX_NONE;
}

bool outbox_has_held_message(const struct outbox *outbox)
{
    return outbox_slot_find(outbox, true) != OUTBOX_NONE;
}

uint64_t outbox_dropped(const struct outbox *outbox)
{
    return outbox->slots ? outbox->slots->dropped : 0;
}

/* Make the next message the current one, because its first byte went. */
static void current_begin(struct outbox *outbox)
{
    outbox->current_sent = 0;
    if (outbox->queue.count > 0) {
        outbox->current = ring_pop(&outbox->queue);
        outbox->queued_bytes -= fc_message_size(outbox->current);
        outbox->current_slot = OUTBOX_NONE;
        return;
    }
    const uint32_t chosen = outbox->chosen;
    assert(chosen != OUTBOX_NONE);
    struct outbox_slot *slot = &outbox->slots->slot[chosen];
    outbox->current = slot->message;
    outbox->current_slot = chosen;
    slot->message = NULL;
    slot->skipped = 0;
    outbox->slots->next = chosen + 1;
    outbox->chosen = OUTBOX_NONE;
}

void outbox_advance(struct outbox *outbox, size_t size, outbox_started_fn *started, void *ctx)
{
    struct fc_message *begun = NULL; /* of a slot: a gathering has at most one */
    uint32_t begun_slot = OUTBOX_NONE;
    while (size > 0) {
        if (!outbox->current) {
            current_begin(outbox);
            if (outbox->current_slot != OUTBOX_NONE) {
                begun_slot = outbox->current_slot;
                begun = fc_message_ref(outbox->current);
            }
        }
        const size_t left = fc_message_size(outbox->current) - outbox->current_sent;
        const size_t step = size < left ? size : left;
        outbox->current_sent += step;
        size -= step;
        if (step == left) {
            fc_message_unref(&outbox->current);
            outbox->current_slot = OUTBOX_NONE;
        }
    }
    if (begun) {
        started(ctx, begun_slot, begun);
        fc_message_unref(&begun);
    }
}
