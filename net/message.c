/* SPDX-License-Identifier: MIT */
#include "net/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ws/header.h"

/*
 * Bodies and messages: bytes ready for the wire, shared by reference.
 *
 * A message is one allocation, because one is made for every picture and prediction in each of
 * its forms; a body made from a copy is one as well.
 */

_Static_assert(FC_WS_HEADER_MAX_BYTES + FC_MESSAGE_HEAD_MAX <= UINT16_MAX,
               "head_size must hold it");

struct fc_body {
    _Atomic unsigned refs; /* the decrement that reaches 0 acquires what the others released */
    struct fc_bytes bytes;
    void (*release)(void *owner); /* NULL: the bytes are in storage */
    void *owner;
    uint8_t storage[];
};

struct fc_body *fc_body_new(struct fc_bytes bytes)
{
    if (bytes.size > SIZE_MAX - sizeof(struct fc_body)) {
        return NULL;
    }
    struct fc_body *body = malloc(sizeof(*body) + bytes.size);
    if (!body) {
        return NULL;
    }
    *body = (struct fc_body){
        .refs = 1,
        .bytes = { .data = body->storage, .size = bytes.size },
    };
    if (bytes.size > 0) {
        memcpy(body->storage, bytes.data, bytes.size);
    }
    return body;
}

struct fc_body *fc_body_wrap(struct fc_bytes bytes, void (*release)(void *owner), void *owner)
{
    assert(release);
    struct fc_body *body = malloc(sizeof(*body));
    if (!body) {
        return NULL;
    }
    *body = (struct fc_body){ .refs = 1, .bytes = bytes, .release = release, .owner = owner };
    return body;
}

struct fc_body *fc_body_ref(struct fc_body *body)
{
    unsigned before = atomic_fetch_add_explicit(&body->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return body;
}

void fc_body_unref(struct fc_body **body)
{
    struct fc_body *b = *body;
    *body = NULL;
    if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (b->release) {
        b->release(b->owner);
    }
    free(b);
}

struct fc_bytes fc_body_bytes(const struct fc_body *body)
{
    return body->bytes;
}

/* The frame header of a whole message of that payload; 0 bytes when it is not for a WebSocket. */
static size_t ws_header_make(enum fc_ws_kind kind, uint64_t payload_bytes,
                             uint8_t out[FC_WS_HEADER_MAX_BYTES])
{
    if (!kind) {
        return 0;
    }
    return fc_ws_header_encode(
        &(struct fc_ws_header){
            .fin = true,
            .opcode = (uint8_t)kind,
            .payload_bytes = payload_bytes,
        },
        out);
}

static bool options_are_valid(const struct fc_message_options *options)
{
    const int head_size = (int)options->head.size;
    return options->head.size <= FC_MESSAGE_HEAD_MAX && options->tail.size <= FC_MESSAGE_TAIL_MAX &&
           options->skipped_at >= 0 &&
           (options->skipped_at == 0 || options->skipped_at + 2 <= head_size);
}

struct fc_message *fc_message_new(const struct fc_message_options *options)
{
    const bool is_valid = options_are_valid(options);
    assert(is_valid);
    if (!is_valid) {
        return NULL;
    }

    const size_t body_size = options->body ? fc_body_bytes(options->body).size : 0;
    uint8_t ws_header[FC_WS_HEADER_MAX_BYTES];
    const size_t ws_size = ws_header_make(
        options->ws_kind, options->head.size + body_size + options->tail.size, ws_header);
    const size_t head_size = ws_size + options->head.size;

    struct fc_message *message = malloc(sizeof(*message) + head_size + options->tail.size);
    if (!message) {
        return NULL;
    }
    *message = (struct fc_message){
        .refs = 1,
        .head_size = (uint16_t)head_size,
        .tail_size = (uint16_t)options->tail.size,
        .skipped_at = (uint16_t)(options->skipped_at ? ws_size + (size_t)options->skipped_at : 0),
        .tag = options->tag,
        .body = options->body ? fc_body_ref(options->body) : NULL,
    };
    memcpy(message->parts, ws_header, ws_size);
    if (options->head.size > 0) {
        memcpy(message->parts + ws_size, options->head.data, options->head.size);
    }
    if (options->tail.size > 0) {
        memcpy(message->parts + head_size, options->tail.data, options->tail.size);
    }
    return message;
}

struct fc_message *fc_message_new_ws(enum fc_ws_kind kind, struct fc_bytes payload)
{
    assert(kind == FC_WS_TEXT || kind == FC_WS_BINARY);
    if (payload.size <= FC_MESSAGE_HEAD_MAX) {
        return fc_message_new(&(struct fc_message_options){ .ws_kind = kind, .head = payload });
    }
    struct fc_body *body = fc_body_new(payload);
    if (!body) {
        return NULL;
    }
    struct fc_message *message =
        fc_message_new(&(struct fc_message_options){ .ws_kind = kind, .body = body });
    fc_body_unref(&body);
    return message;
}

struct fc_message *fc_message_ref(struct fc_message *message)
{
    unsigned before = atomic_fetch_add_explicit(&message->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return message;
}

void fc_message_unref(struct fc_message **message)
{
    struct fc_message *m = *message;
    *message = NULL;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    fc_body_unref(&m->body);
    free(m);
}

uint64_t fc_message_tag(const struct fc_message *message)
{
    return message->tag;
}

size_t fc_message_size(const struct fc_message *message)
{
    return (size_t)message->head_size + message_body(message).size + message->tail_size;
}
