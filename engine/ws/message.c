/* SPDX-License-Identifier: MIT */
#include "engine/ws/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/ws.h>

/*
 * A frame header may announce much and deliver nothing. Reserving what it announces is harmless:
 * the amount is bounded by the message limit, and pages that nothing was written to cost nothing.
 */

_Static_assert((int)FC_WS_TEXT == (int)FC_WS_OPCODE_TEXT, "a kind is its opcode");
_Static_assert((int)FC_WS_BINARY == (int)FC_WS_OPCODE_BINARY, "a kind is its opcode");

bool fc_ws_buffer_reserve(struct fc_ws_buffer **buffer, uint64_t more)
{
    struct fc_ws_buffer *b = *buffer;
    const uint64_t size = b ? b->size : 0;
    if (b && b->capacity - size >= more) {
        return true;
    }
    const uint64_t need = size + more;
    const uint64_t doubled = b ? (uint64_t)b->capacity * 2 : 0;
    const uint64_t capacity = need > doubled ? need : doubled;
    if (capacity > PTRDIFF_MAX - sizeof(*b)) {
        return false;
    }
    struct fc_ws_buffer *grown = realloc(b, sizeof(*b) + (size_t)capacity);
    if (!grown) {
        return false;
    }
    grown->size = (size_t)size;
    grown->capacity = (size_t)capacity;
    *buffer = grown;
    return true;
}

void fc_ws_buffer_append(struct fc_ws_buffer *buffer, struct fc_bytes piece)
{
    assert(buffer->capacity - buffer->size >= piece.size);
    memcpy(buffer->data + buffer->size, piece.data, piece.size);
    buffer->size += piece.size;
}

void fc_ws_buffer_free(struct fc_ws_buffer **buffer)
{
    free(*buffer);
    *buffer = NULL;
}

/* What cannot be compressed is a little longer for having been tried: 5 bytes for each block, which
 * has at least some hundreds. What comes out is checked when it has. */
static uint64_t deflate_overhead(const struct fc_ws_message_limits *limits)
{
    return limits->bytes_max / 64 + 64;
}

uint16_t fc_ws_message_begin(struct fc_ws_message *message, const struct fc_ws_header *header,
                             const struct fc_ws_message_limits *limits, const char **reason)
{
    const bool is_continuation = header->opcode == FC_WS_OPCODE_CONTINUATION;
    const bool is_begun = message->kind != 0;
    if (is_continuation && !is_begun) {
        *reason = "continuation of nothing";
        return FC_WS_CODE_PROTOCOL_ERROR;
    }
    if (!is_continuation && is_begun) {
        *reason = "new message inside another";
        return FC_WS_CODE_PROTOCOL_ERROR;
    }
    const uint64_t size = message->buffer ? message->buffer->size : 0;
    const bool is_deflated = is_begun ? message->is_deflated : header->rsv1;
    const uint64_t bytes_max = limits->bytes_max + (is_deflated ? deflate_overhead(limits) : 0);
    assert(size <= bytes_max);
    if (header->payload_bytes > bytes_max - size) {
        *reason = "message too big";
        return FC_WS_CODE_TOO_BIG;
    }
    if (message->fragments == limits->fragments_max) {
        *reason = "too many fragments";
        return FC_WS_CODE_POLICY;
    }
    message->fragments++;
    if (!is_begun) {
        message->kind = header->opcode;
        message->is_deflated = header->rsv1;
        message->utf8 = (struct fc_utf8){ 0 };
    }
    return 0;
}

bool fc_ws_message_check(struct fc_ws_message *message, struct fc_bytes piece)
{
    return message->kind != FC_WS_TEXT || message->is_deflated ||
           fc_utf8_check(&message->utf8, piece);
}

bool fc_ws_message_may_end(const struct fc_ws_message *message)
{
    return fc_utf8_is_complete(&message->utf8);
}

struct fc_ws_buffer *fc_ws_message_take(struct fc_ws_message *message)
{
    struct fc_ws_buffer *buffer = message->buffer;
    *message = (struct fc_ws_message){ 0 };
    return buffer;
}
