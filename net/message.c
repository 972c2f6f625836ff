/* SPDX-License-Identifier: MIT */
#include "net/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ws/connection.h"
#include "engine/ws/mask.h"

/*
 * Bodies and messages: bytes ready for the wire, shared by reference.
 *
 * A message is one allocation, because one is made for every picture and prediction in each of
 * its forms; a body made from a copy is one as well.
 */

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

/* The frame header of that payload; 0 bytes when it is not for a WebSocket. */
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
           options->skipped_at >= 0 && !(options->skipped_at && options->deflater) &&
           (options->skipped_at == 0 || options->skipped_at + 2 <= head_size);
}

static struct fc_message *plain_new(const struct fc_message_options *options)
{

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
        .head_size = head_size,
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

/* One frame, all in one piece: a header, then the payload, which is the caller's to fill. */
static struct fc_message *frame_new(const struct fc_ws_header *header, uint8_t **payload)
{
    if (header->payload_bytes > SIZE_MAX / 2) {
        return NULL;
    }
    const size_t size = (size_t)header->payload_bytes;
    struct fc_message *message = malloc(sizeof(*message) + FC_WS_HEADER_MAX_BYTES + size);
    if (!message) {
        return NULL;
    }
    *message = (struct fc_message){ .refs = 1 };
    const size_t header_size = fc_ws_header_encode(header, message->parts);
    message->head_size = header_size + size;
    *payload = message->parts + header_size;
    return message;
}

static uint8_t *append(uint8_t *to, struct fc_bytes bytes)
{
    if (bytes.size > 0) {
        memcpy(to, bytes.data, bytes.size);
    }
    return to + bytes.size;
}

/* The payload in one piece: where it lies when it is in one, or else a copy in *owned. */
static bool payload_gather(const struct fc_message_options *options, struct fc_bytes *payload,
                           uint8_t **owned)
{
    const struct fc_bytes body =
        options->body ? fc_body_bytes(options->body) : (struct fc_bytes){ 0 };
    const size_t size = options->head.size + body.size + options->tail.size;
    if (size == body.size || size == options->head.size) {
        *payload = size == body.size ? body : options->head;
        return true;
    }
    *owned = malloc(size);
    if (!*owned) {
        return false;
    }
    uint8_t *end = append(*owned, options->head);
    end = append(end, body);
    (void)append(end, options->tail);
    *payload = (struct fc_bytes){ *owned, size };
    return true;
}

struct fc_message *message_new_deflated(enum fc_ws_kind kind, struct fc_bytes payload,
                                        struct fc_deflater *deflater)
{
    struct fc_bytes deflated;
    if (payload.size < MESSAGE_DEFLATE_MIN_BYTES ||
        !fc_deflater_run(deflater, payload, &deflated)) {
        return NULL;
    }
    uint8_t *to = NULL;
    struct fc_message *message = frame_new(
        &(struct fc_ws_header){
            .fin = true,
            .rsv1 = true,
            .opcode = (uint8_t)kind,
            .payload_bytes = deflated.size,
        },
        &to);
    if (message) {
        (void)append(to, deflated);
    }
    return message;
}

struct fc_message *fc_message_new(const struct fc_message_options *options)
{
    const bool is_valid = options_are_valid(options);
    assert(is_valid);
    struct fc_message *message = is_valid ? plain_new(options) : NULL;
    if (!message || !options->deflater || !options->ws_kind) {
        return message;
    }
    struct fc_bytes payload;
    uint8_t *owned = NULL;
    if (payload_gather(options, &payload, &owned)) {
        message->deflated = message_new_deflated(options->ws_kind, payload, options->deflater);
    }
    if (message->deflated) {
        message->deflated->tag = message->tag;
    }
    free(owned);
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

struct fc_message *message_new_part(enum fc_ws_kind kind, struct fc_bytes part, bool is_last)
{
    uint8_t *payload = NULL;
    struct fc_message *message = frame_new(
        &(struct fc_ws_header){
            .fin = is_last,
            .opcode = (uint8_t)kind,
            .payload_bytes = part.size,
        },
        &payload);
    if (message) {
        (void)append(payload, part);
    }
    return message;
}

struct fc_message *message_new_masked(const struct fc_message *message, struct fc_ws *ws)
{
    const struct fc_bytes head = message_head(message);
    struct fc_ws_header header;
    const enum fc_ws_step step = fc_ws_header_decode(head.data, head.size, &header);
    assert(step == FC_WS_STEP_DONE && !header.masked);
    if (step != FC_WS_STEP_DONE) {
        return NULL;
    }
    header.masked = true;
    fc_ws_next_mask(ws, header.mask);
    uint8_t *payload = NULL;
    struct fc_message *masked = frame_new(&header, &payload);
    if (!masked) {
        return NULL;
    }
    const struct fc_bytes rest = { head.data + header.header_bytes,
                                   head.size - header.header_bytes };
    uint8_t *end = append(payload, rest);
    end = append(end, message_body(message));
    (void)append(end, message_tail(message));
    fc_ws_mask(payload, (size_t)header.payload_bytes, header.mask, 0);
    masked->tag = message->tag;
    return masked;
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
    fc_message_unref(&m->deflated); /* which has no further form */
    fc_body_unref(&m->body);
    free(m);
}

uint64_t fc_message_tag(const struct fc_message *message)
{
    return message->tag;
}

size_t fc_message_size(const struct fc_message *message)
{
    return message->head_size + message_body(message).size + message->tail_size;
}
