/* SPDX-License-Identifier: MIT */
#include "engine/ws/input.h"

#include <assert.h>

#include <framecast/ws.h>

/*
 * Where bytes land. Most go into the input space, are cut into frames there and given out where
 * they lie. A message that is larger than the space is received into its own buffer (is_direct),
 * but for its beginning, which is copied.
 *
 * The beginning of a message that will fit stays in the space (holds_input), and the rest follows
 * it there, unless the space is lent and wanted by another engine meanwhile.
 */

enum {
    DIRECT_MAX_BYTES = 256 * 1024, /* more falls out of the cache before it is unmasked */
    LARGE_BYTES = 128 * 1024,      /* behind a message of this size another is likely, */
    BEHIND_LARGE_BYTES = 4 * 1024, /* of which this much is copied if it cannot be held */
};

/* True when an event may be waiting, so that the input space must not be overwritten. */
static bool has_unread(const struct fc_ws *ws)
{
    return fc_ws_reader_has_bytes(&ws->reader) ||
           (ws->reader.has_frame && fc_ws_reader_missing(&ws->reader) == 0);
}

bool fc_ws_input_may_hold(const struct fc_ws *ws)
{
    const struct fc_ws_reader *reader = &ws->reader;
    const uint32_t room = (uint32_t)reader->space.size - reader->at;
    return ws->may_hold_input && !ws->message.buffer && fc_ws_reader_missing(reader) <= room;
}

/*
 * The input space behind what is held there, up to where a frame ends if all are as long as the
 * last one: often they are, and then none is cut off by the end of the space.
 */
static struct fc_space scratch(const struct fc_ws *ws)
{
    const struct fc_ws_reader *reader = &ws->reader;
    struct fc_space space = reader->space;
    const uint32_t held = reader->end;
    const uint64_t first = ws->holds_input ? held + fc_ws_reader_missing(reader) : 0; /* its end */
    const bool has_last = reader->carry_size == 0 && reader->header.header_bytes > 0;
    if (has_last && !fc_ws_is_discarding(ws)) {
        const uint64_t frame = reader->header.header_bytes + reader->header.payload_bytes;
        const uint64_t fit = first + (space.size - first) / frame * frame;
        if (ws->may_hold_input && fit > 0) {
            space.size = (size_t)fit;
        } else if (frame >= LARGE_BYTES && space.size > BEHIND_LARGE_BYTES) {
            space.size = BEHIND_LARGE_BYTES;
        }
    }
    return (struct fc_space){ space.data + held, space.size - held };
}

/* How much of the frame's payload is received straight into the message's buffer; 0: none. */
static size_t direct_room(const struct fc_ws *ws)
{
    const uint64_t missing = fc_ws_reader_missing(&ws->reader);
    if (missing < FC_WS_DIRECT_MIN_BYTES || ws->holds_input ||
        fc_ws_opcode_is_control(ws->reader.header.opcode)) {
        return 0;
    }
    return missing < DIRECT_MAX_BYTES ? (size_t)missing : DIRECT_MAX_BYTES;
}

uint32_t fc_ws_input_parts(struct fc_ws *ws, struct fc_space parts[FC_WS_INPUT_PARTS])
{
    fc_ws_buffer_free(&ws->given);
    ws->is_direct = false;
    if (fc_ws_closing_is_final(ws->closing) || has_unread(ws)) {
        return 0;
    }
    if (!ws->holds_input) {
        fc_ws_reader_rewind(&ws->reader);
    }
    const size_t room = fc_ws_is_discarding(ws) ? 0 : direct_room(ws);
    if (room == 0) {
        parts[0] = scratch(ws);
        return 1;
    }
    ws->is_direct = true;
    struct fc_ws_buffer *buffer = ws->message.buffer;
    assert(buffer->capacity - buffer->size >= room);
    parts[0] = (struct fc_space){ buffer->data + buffer->size, room };
    if (room < fc_ws_reader_missing(&ws->reader)) {
        return 1;
    }
    parts[1] = scratch(ws);
    return 2;
}

struct fc_space fc_ws_input(struct fc_ws *ws)
{
    struct fc_space parts[FC_WS_INPUT_PARTS];
    return fc_ws_input_parts(ws, parts) > 0 ? parts[0] : (struct fc_space){ 0 };
}

/* Unmask and check while the bytes are still in the processor's cache. */
static void input_direct(struct fc_ws *ws, size_t size)
{
    struct fc_ws_buffer *buffer = ws->message.buffer;
    const struct fc_space piece = { buffer->data + buffer->size, size };
    fc_ws_reader_direct(&ws->reader, piece);
    buffer->size += size;
    if (!fc_ws_is_discarding(ws) &&
        !fc_ws_message_check(&ws->message, (struct fc_bytes){ piece.data, size })) {
        fc_ws_fail(ws, FC_WS_CODE_INVALID_DATA, "text is not UTF-8");
    }
}

void fc_ws_input_done(struct fc_ws *ws, size_t size, int64_t now_ns)
{
    if (fc_ws_closing_is_final(ws->closing) || has_unread(ws)) {
        return;
    }
    if (size == 0) {
        fc_ws_end(ws, FC_WS_SIGNAL_EOF, FC_WS_CODE_ABNORMAL,
                  "the stream ended without a close frame");
        return;
    }
    fc_ws_heartbeat_heard(&ws->heartbeat, now_ns);
    if (ws->is_direct) {
        ws->is_direct = false;
        const size_t room = direct_room(ws);
        const size_t direct = size < room ? size : room;
        input_direct(ws, direct);
        size -= direct;
    }
    if (size > 0) {
        fc_ws_reader_arrived(&ws->reader, size);
    }
}

bool fc_ws_input_release(struct fc_ws *ws)
{
    if (!ws->holds_input) {
        return true;
    }
    assert(!fc_ws_reader_has_bytes(&ws->reader)); /* all events were pulled */
    if (!fc_ws_buffer_reserve(&ws->message.buffer, ws->reader.header.payload_bytes)) {
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
        return false;
    }
    fc_ws_buffer_append(ws->message.buffer, fc_ws_reader_payload_so_far(&ws->reader));
    ws->holds_input = false;
    return true;
}
