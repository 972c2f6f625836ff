/* SPDX-License-Identifier: MIT */

/*
 * Properties of an outbox, against a model that keeps plain lists of copies:
 *   - what is shown to be written is what the model would write next, in its order: what has begun,
 *     the queue, then a slot's newest message with its count of those left out; a message in parts
 *     is not mixed with others;
 *   - the bytes written are the bytes queued, counts of messages and of bytes agree, and so do what
 *     is ready, held, dropped, and told when a slot's message begins;
 *   - memory may fail at any time, and all of it is given back.
 *
 * Input: one byte with the allocation that fails, then operations: a byte says which, and those
 * that need a message or a size take two more bytes.
 */

#include <framecast/conn.h>

#include "engine/testing/alloc.h"
#include "fuzz/fuzz.h"
#include "net/message.h"
#include "net/outbox.h"

enum {
    OPERATIONS_MAX = 600, /* each makes one message at most */
    HEAD_MAX = 15,
    BODY_MAX = 31,
    TAIL_MAX = 3,
    ITEM_MAX = HEAD_MAX + BODY_MAX + TAIL_MAX,
    NO_ITEM = -1,
    SHOWN_MAX = OUTBOX_IOV_MAX * ITEM_MAX,
};

/* A message, as the model knows it; named by its place among them, which is its tag. */
struct item {
    size_t size;
    size_t skipped_at; /* 0: it has no such field */
    uint8_t bytes[ITEM_MAX];
};

struct list {
    uint32_t count;
    int items[OPERATIONS_MAX];
};

struct model_slot {
    int item;
    unsigned skipped;
    bool is_held;
};

static struct model {
    struct item items[OPERATIONS_MAX];
    int item_count;
    struct list queue, behind;
    bool is_in_parts;
    uint8_t current[ITEM_MAX]; /* what is left of it */
    size_t current_size;
    bool is_current_of_slot;
    struct model_slot slots[FC_CONN_SLOTS_MAX];
    uint32_t slot_count, next_slot;
    uint64_t dropped;
    unsigned started_count;
    int started_item;
    uint32_t started_slot;
} model;

static void list_insert(struct list *list, uint32_t at, int item)
{
    FUZZ_CHECK(at <= list->count && list->count < OPERATIONS_MAX);
    memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(list->items[0]));
    list->items[at] = item;
    list->count++;
}

static int list_pop(struct list *list)
{
    const int item = list->items[0];
    list->count--;
    memmove(&list->items[0], &list->items[1], list->count * sizeof(list->items[0]));
    return item;
}

static size_t list_bytes(const struct list *list)
{
    size_t size = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        size += model.items[list->items[i]].size;
    }
    return size;
}

static struct model_slot *model_slot(uint32_t slot)
{
    while (model.slot_count <= slot) {
        model.slots[model.slot_count++] = (struct model_slot){ .item = NO_ITEM };
    }
    return &model.slots[slot];
}

static uint32_t model_find(bool is_held)
{
    for (uint32_t i = 0; i < model.slot_count; i++) {
        const uint32_t at = (model.next_slot + i) % model.slot_count;
        if (model.slots[at].item != NO_ITEM && model.slots[at].is_held == is_held) {
            return at;
        }
    }
    return OUTBOX_NONE;
}

/* Make a message as two bytes of the input say, in the model and for the outbox. NULL without
 * memory. */
static struct fc_message *make(struct fc_bytes *input)
{
    static uint8_t fill;
    const uint8_t sizes = fuzz_take(input);
    const uint8_t more = fuzz_take(input);
    const size_t head = sizes & HEAD_MAX;
    const size_t body = more & BODY_MAX;
    const size_t tail = sizes >> 4 & TAIL_MAX;
    struct item *item = &model.items[model.item_count++];
    *item = (struct item){ .size = head + body + tail };
    item->skipped_at = more & 0x80 && head >= 3 ? head - 2 : 0;
    for (size_t i = 0; i < item->size; i++) {
        item->bytes[i] = ++fill;
    }
    struct fc_body *shared = fc_body_new((struct fc_bytes){ item->bytes + head, body });
    struct fc_message *message = shared ? fc_message_new(&(struct fc_message_options){
                                              .head = { item->bytes, head },
                                              .body = shared,
                                              .tail = { item->bytes + head + body, tail },
                                              .skipped_at = (int)item->skipped_at,
                                              .tag = (uint64_t)(model.item_count - 1),
                                          })
                                        : NULL;
    fc_body_unref(&shared);
    FUZZ_CHECK(!message || fc_message_size(message) == item->size);
    return message;
}

/* ---- Operations; false without memory ---- */

typedef bool operation_fn(struct outbox *outbox, struct fc_message *message, uint32_t slot);

static bool is_empty(const struct fc_message *message)
{
    return fc_message_size(message) == 0;
}

static int item_of(const struct fc_message *message)
{
    return (int)fc_message_tag(message);
}

static bool push(struct outbox *outbox, struct fc_message *message, uint32_t slot)
{
    (void)slot;
    if (!outbox_push(outbox, message)) {
        return false;
    }
    struct list *list = model.is_in_parts ? &model.behind : &model.queue;
    if (!is_empty(message)) {
        list_insert(list, list->count, item_of(message));
    }
    return true;
}

static bool push_front(struct outbox *outbox, struct fc_message *message, uint32_t slot)
{
    (void)slot;
    if (is_empty(message)) {
        return true;
    }
    if (!outbox_push_front(outbox, message)) {
        return false;
    }
    list_insert(&model.queue, 0, item_of(message));
    return true;
}

static bool push_part(struct outbox *outbox, struct fc_message *message, uint32_t slot)
{
    const bool is_last = slot & 1;
    if (!outbox_push_part(outbox, message, is_last)) {
        return false;
    }
    if (!is_empty(message)) {
        list_insert(&model.queue, model.queue.count, item_of(message));
    }
    model.is_in_parts = !is_last;
    while (is_last && model.behind.count > 0) {
        list_insert(&model.queue, model.queue.count, list_pop(&model.behind));
    }
    return true;
}

static bool push_last(struct outbox *outbox, struct fc_message *message, uint32_t slot)
{
    (void)slot;
    if (!outbox_push_last(outbox, message)) {
        return false;
    }
    model.behind.count = 0;
    model.is_in_parts = false;
    if (!is_empty(message)) {
        list_insert(&model.queue, model.queue.count, item_of(message));
    }
    return true;
}

static bool begin(struct outbox *outbox, struct fc_message *message, uint32_t slot)
{
    (void)slot;
    if (is_empty(message) || model.is_in_parts || model.current_size > 0 || model.queue.count > 0) {
        return true;
    }
    outbox_begin(outbox, message);
    const struct item *item = &model.items[item_of(message)];
    memcpy(model.current, item->bytes, item->size);
    model.current_size = item->size;
    model.is_current_of_slot = false;
    return true;
}

static bool put(struct outbox *outbox, struct fc_message *message, uint32_t slot)
{
    if (!outbox_put(outbox, slot, message)) {
        return false;
    }
    if (!is_empty(message)) {
        struct model_slot *s = model_slot(slot);
        s->skipped += s->item != NO_ITEM;
        model.dropped += s->item != NO_ITEM;
        s->item = item_of(message);
    }
    return true;
}

static operation_fn *const with_message[] = { push, push_front, push_part, push_last, begin, put };

static void clear_slot(struct outbox *outbox, uint32_t slot)
{
    outbox_clear(outbox, slot);
    if (slot < model.slot_count) {
        model.slots[slot] = (struct model_slot){ .item = NO_ITEM };
    }
}

static void clear_slots(struct outbox *outbox)
{
    outbox_clear_slots(outbox);
    for (uint32_t i = 0; i < model.slot_count; i++) {
        model.slots[i] = (struct model_slot){ .item = NO_ITEM };
    }
}

static void clear_queue(struct outbox *outbox)
{
    outbox_clear_queue(outbox);
    model.queue.count = 0;
    model.behind.count = 0;
    model.is_in_parts = false;
}

static void hold(struct outbox *outbox, uint32_t slot, bool is_held)
{
    outbox_hold(outbox, slot, is_held);
    if (!alloc_has_failed()) {
        model_slot(slot)->is_held = is_held;
    }
}

/* ---- Writing ---- */

static void on_started(void *ctx, uint32_t slot, const struct fc_message *message)
{
    (void)ctx;
    model.started_count++;
    model.started_slot = slot;
    model.started_item = item_of(message);
}

/* Append an item as the model would write it; gives where it ends. */
static size_t add_item(uint8_t *out, size_t size, int item, unsigned skipped)
{
    const struct item *i = &model.items[item];
    memcpy(out + size, i->bytes, i->size);
    if (skipped != UINT32_MAX && i->skipped_at) {
        out[size + i->skipped_at] = (uint8_t)(skipped >> 8);
        out[size + i->skipped_at + 1] = (uint8_t)skipped;
    }
    return size + i->size;
}

static uint32_t may_choose(bool may_begin)
{
    const bool may =
        may_begin && !model.is_in_parts && !(model.current_size > 0 && model.is_current_of_slot);
    return may ? model_find(false) : OUTBOX_NONE;
}

/* All that the model would write next. */
static size_t expect(bool may_begin, uint8_t *out)
{
    size_t size = model.current_size;
    memcpy(out, model.current, size);
    for (uint32_t i = 0; i < model.queue.count; i++) {
        size = add_item(out, size, model.queue.items[i], UINT32_MAX);
    }
    const uint32_t slot = may_choose(may_begin);
    if (slot != OUTBOX_NONE) {
        size = add_item(out, size, model.slots[slot].item, model.slots[slot].skipped);
    }
    return size;
}

/* Make the next item the current one. Gives the slot it came from. */
static uint32_t model_begin(uint32_t chosen)
{
    model.is_current_of_slot = model.queue.count == 0;
    if (!model.is_current_of_slot) {
        model.current_size = add_item(model.current, 0, list_pop(&model.queue), UINT32_MAX);
        return OUTBOX_NONE;
    }
    FUZZ_CHECK(chosen != OUTBOX_NONE);
    struct model_slot *slot = &model.slots[chosen];
    model.current_size = add_item(model.current, 0, slot->item, slot->skipped);
    *slot = (struct model_slot){ .item = NO_ITEM, .is_held = slot->is_held };
    model.next_slot = chosen + 1;
    return chosen;
}

static void model_advance(size_t size, uint32_t chosen, int chosen_item)
{
    const unsigned started_count = model.started_count;
    bool has_begun = false;
    while (size > 0) {
        has_begun |= model.current_size == 0 && model_begin(chosen) != OUTBOX_NONE;
        const size_t step = size < model.current_size ? size : model.current_size;
        model.current_size -= step;
        memmove(model.current, model.current + step, model.current_size);
        size -= step;
    }
    FUZZ_CHECK(started_count == has_begun);
    FUZZ_CHECK(!has_begun || (model.started_slot == chosen && model.started_item == chosen_item));
}

static void write_some(struct outbox *outbox, uint8_t choice, uint8_t amount)
{
    static uint8_t expected[(OPERATIONS_MAX + 2) * ITEM_MAX];
    static uint8_t shown[SHOWN_MAX];
    struct iovec iov[OUTBOX_IOV_MAX];
    const bool may_begin = choice & 1;
    const int iov_max = choice & 2 ? OUTBOX_IOV_MAX : 3 + choice % 8;
    const uint32_t chosen = may_choose(may_begin);
    const int chosen_item = chosen == OUTBOX_NONE ? NO_ITEM : model.slots[chosen].item;
    const size_t expected_size = expect(may_begin, expected);

    const int count = outbox_gather(outbox, may_begin, iov, iov_max);
    FUZZ_CHECK(count >= 0 && count <= iov_max);
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        FUZZ_CHECK(iov[i].iov_len > 0 && iov[i].iov_len <= sizeof(shown) - size);
        memcpy(shown + size, iov[i].iov_base, iov[i].iov_len);
        size += iov[i].iov_len;
    }
    FUZZ_CHECK(size <= expected_size && memcmp(shown, expected, size) == 0);
    FUZZ_CHECK(size == expected_size || count + 3 > iov_max);
    FUZZ_CHECK(size > 0 || expected_size == 0); /* nobody waits for nothing */

    const size_t written = amount == UINT8_MAX || amount > size ? size : amount;
    model.started_count = 0;
    outbox_advance(outbox, written, on_started, NULL);
    model_advance(written, chosen, chosen_item);
}

/* ---- The interpreter ---- */

static void check(const struct outbox *outbox)
{
    FUZZ_CHECK(outbox_queued_count(outbox) == model.queue.count + model.behind.count);
    FUZZ_CHECK(outbox->queued_bytes == list_bytes(&model.queue) + list_bytes(&model.behind));
    FUZZ_CHECK(outbox_has_due(outbox) == (model.current_size > 0 || model.queue.count > 0));
    FUZZ_CHECK(outbox_is_in_parts(outbox) == model.is_in_parts);
    FUZZ_CHECK(outbox_has_ready_slot(outbox) ==
               (!model.is_in_parts && model_find(false) != OUTBOX_NONE));
    FUZZ_CHECK(outbox_has_held_message(outbox) == (model_find(true) != OUTBOX_NONE));
    FUZZ_CHECK(outbox_dropped(outbox) == model.dropped);
}

/* A byte: the operation in the low four bits, a slot or a choice in the others. */
static bool operate(struct outbox *outbox, struct fc_bytes *input)
{
    enum { WITH_MESSAGE = sizeof(with_message) / sizeof(with_message[0]) };
    const uint8_t byte = fuzz_take(input);
    const unsigned which = byte & 15;
    const uint32_t slot = byte >> 4 == 15 ? FC_CONN_SLOTS_MAX - 1 : byte >> 4;
    if (which < WITH_MESSAGE) {
        struct fc_message *message = make(input);
        const bool is_done = message && with_message[which](outbox, message, slot);
        fc_message_unref(&message);
        return is_done;
    }
    switch (which) {
    case 6:
        clear_slot(outbox, slot);
        break;
    case 7:
        hold(outbox, slot, true);
        break;
    case 8:
        hold(outbox, slot, false);
        break;
    case 9:
        if (slot == 0) {
            clear_slots(outbox);
        } else if (slot == 1) {
            clear_queue(outbox);
        }
        break;
    default:
        write_some(outbox, byte >> 4, fuzz_take(input));
    }
    return !alloc_has_failed();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bytes input = { data, size };
    const long live = alloc_live();
    memset(&model, 0, sizeof(model));
    struct outbox outbox;
    outbox_init(&outbox);
    alloc_fail_at(fuzz_take(&input));
    bool is_going_on = true;
    for (int i = 0; i < OPERATIONS_MAX && input.size > 0 && is_going_on; i++) {
        is_going_on = operate(&outbox, &input);
        if (is_going_on) {
            check(&outbox);
        }
    }
    FUZZ_CHECK(is_going_on || alloc_has_failed());
    outbox_fini(&outbox);
    alloc_fail_at(0);
    FUZZ_CHECK(alloc_live() == live);
    return 0;
}
