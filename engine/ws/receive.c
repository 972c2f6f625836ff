/* SPDX-License-Identifier: MIT */
#include <framecast/ws.h>

#include <assert.h>

#include "engine/ws/connection.h"
#include "engine/ws/input.h"
#include "engine/ws/mask.h"
#include "engine/ws/small_frame.h"

/*
 * Frames become events. Where their bytes land is for input.c to say.
 *
 * Parsing happens when an event is asked for, so that a message which lies whole in the input space
 * is given out where it lies. What does not is held there until the rest has come, if it fits, or
 * else collected. Collected payload is given out by moving it to `given`, which lives until the
 * next event or input.
 */

/* Begin a frame. False when its header is not all there, or is not allowed. */
static bool begin_frame(struct fc_ws *ws)
{
    const enum fc_ws_step step = fc_ws_reader_header(&ws->reader);
    if (step == FC_WS_STEP_MORE) {
        return false;
    }
    if (step == FC_WS_STEP_FAIL) {
        fc_ws_fail(ws, FC_WS_CODE_PROTOCOL_ERROR, "invalid frame header");
        return false;
    }
    const struct fc_ws_header *header = &ws->reader.header;
    if (header->masked == ws->is_client) {
        fc_ws_fail(ws, FC_WS_CODE_PROTOCOL_ERROR,
                   ws->is_client ? "frame from a server is masked"
                                 : "frame from a client is not masked");
        return false;
    }
    if (header->rsv1 && !ws->is_deflate_on) {
        fc_ws_fail(ws, FC_WS_CODE_PROTOCOL_ERROR, "RSV1 without an extension that uses it");
        return false;
    }
    if (fc_ws_opcode_is_control(header->opcode) || fc_ws_is_discarding(ws)) {
        return true;
    }
    const char *reason = NULL;
    const uint16_t code = fc_ws_message_begin(&ws->message, header, &ws->limits, &reason);
    if (code) {
        fc_ws_fail(ws, code, reason);
    }
    return code == 0;
}

/* Put a piece behind what was collected of the frame. */
static bool collect(struct fc_ws *ws, struct fc_ws_buffer **buffer, struct fc_bytes piece)
{
    const uint64_t missing = fc_ws_reader_missing(&ws->reader);
    if (piece.size == 0 && missing < FC_WS_DIRECT_MIN_BYTES) {
        return true;
    }
    /* Room for all of the frame at once, so that the rest can be received in place. */
    if (!fc_ws_buffer_reserve(buffer, missing + piece.size)) {
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
        return false;
    }
    fc_ws_buffer_append(*buffer, piece);
    return true;
}

/*
 * Read what there is of the frame's payload. A payload that lies whole in the input space and needs
 * nothing before or after it becomes *whole, where it lies; anything else is held or collected.
 * False when more must arrive.
 */
static bool read_payload(struct fc_ws *ws, struct fc_bytes *whole)
{
    struct fc_ws_reader *reader = &ws->reader;
    const bool is_control = fc_ws_opcode_is_control(reader->header.opcode);
    struct fc_bytes piece = fc_ws_reader_payload(reader);
    const bool is_complete = fc_ws_reader_missing(reader) == 0;
    *whole = (struct fc_bytes){ 0 };
    if (!is_control && fc_ws_is_discarding(ws)) {
        return is_complete;
    }
    if (!is_control && !fc_ws_message_check(&ws->message, piece)) {
        fc_ws_fail(ws, FC_WS_CODE_INVALID_DATA, "text is not UTF-8");
        return false;
    }
    if (ws->holds_input) {
        piece = fc_ws_reader_payload_so_far(reader);
    }
    ws->holds_input = !is_control && !is_complete && fc_ws_input_may_hold(ws);
    if (ws->holds_input) {
        return false;
    }
    const bool is_whole = is_complete && piece.size == reader->header.payload_bytes;
    if (is_whole) {
        *whole = piece;
    }
    const bool is_alone = is_whole && (is_control || (reader->header.fin && !ws->message.buffer));
    return (is_alone || collect(ws, is_control ? &ws->control : &ws->message.buffer, piece)) &&
           is_complete;
}

/* Give out what was collected, or else what lies in the input space. */
static struct fc_bytes give(struct fc_ws *ws, struct fc_ws_buffer *collected, struct fc_bytes whole)
{
    ws->given = collected;
    return collected ? (struct fc_bytes){ collected->data, collected->size } : whole;
}

/* The inflater: the one lent, or the connection's own, which one without context gives back after
 * each message. NULL without memory. */
static struct fc_inflater *inflater_take(struct fc_ws *ws)
{
    if (!ws->inflater) {
        ws->inflater = fc_inflater_new();
    }
    return ws->inflater;
}

static void inflater_give_back(struct fc_ws *ws)
{
    if (!ws->keeps_context && !ws->is_inflater_lent) {
        fc_inflater_free(&ws->inflater);
    }
}

/* Inflate what was collected, or lies in the input space. Errors: false, the connection failed. */
static bool inflate_message(struct fc_ws *ws, struct fc_bytes whole, struct fc_ws_buffer **out)
{
    const bool is_text = ws->message.kind == FC_WS_TEXT;
    struct fc_ws_buffer *collected = fc_ws_message_take(&ws->message);
    const struct fc_bytes payload =
        collected ? (struct fc_bytes){ collected->data, collected->size } : whole;
    struct fc_inflater *inflater = inflater_take(ws);
    const uint16_t code =
        inflater ? fc_inflater_run(inflater, payload, ws->keeps_context, ws->limits.bytes_max, out)
                 : FC_WS_CODE_INTERNAL;
    inflater_give_back(ws);
    fc_ws_buffer_free(&collected);
    if (code) {
        fc_ws_fail(ws, code, fc_inflater_reason(code));
        return false;
    }
    if (is_text && *out && !fc_utf8_is_valid((struct fc_bytes){ (*out)->data, (*out)->size })) {
        fc_ws_buffer_free(out);
        fc_ws_fail(ws, FC_WS_CODE_INVALID_DATA, "text is not UTF-8");
        return false;
    }
    return true;
}

static bool end_data(struct fc_ws *ws, struct fc_bytes whole, struct fc_ws_event *event)
{
    if (fc_ws_is_discarding(ws) || !ws->reader.header.fin) {
        return false;
    }
    if (!fc_ws_message_may_end(&ws->message)) {
        fc_ws_fail(ws, FC_WS_CODE_INVALID_DATA, "text ends inside a character");
        return false;
    }
    const enum fc_ws_kind kind = ws->message.kind;
    struct fc_ws_buffer *collected = NULL;
    if (!ws->message.is_deflated) {
        collected = fc_ws_message_take(&ws->message);
    } else if (inflate_message(ws, whole, &collected)) {
        whole = (struct fc_bytes){ 0 };
    } else {
        return false;
    }
    const struct fc_bytes payload = give(ws, collected, whole);
    *event = (struct fc_ws_event){ .type = FC_WS_EVENT_MESSAGE, .kind = kind, .payload = payload };
    return true;
}

static bool end_ping(struct fc_ws *ws, struct fc_bytes payload, struct fc_ws_event *event)
{
    if (!fc_ws_queue(ws, FC_WS_OPCODE_PONG, payload)) {
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
        return false;
    }
    *event = (struct fc_ws_event){ .type = FC_WS_EVENT_PING, .payload = payload };
    return true;
}

static bool end_pong(struct fc_ws *ws, struct fc_bytes payload, struct fc_ws_event *event)
{
    *event = (struct fc_ws_event){
        .type = FC_WS_EVENT_PONG,
        .payload = payload,
        .rtt_ns = fc_ws_heartbeat_pong(&ws->heartbeat, payload),
    };
    return true;
}

/* The peer's close frame: answer it with its own code if ours was not the first. */
static bool end_close(struct fc_ws *ws, struct fc_bytes payload, struct fc_ws_event *event)
{
    uint16_t code = 0;
    struct fc_bytes reason = { 0 };
    const uint16_t failure = fc_ws_close_decode(payload, &code, &reason);
    if (failure) {
        fc_ws_fail(ws, failure, "invalid close frame");
        return false;
    }
    fc_ws_enter(ws, FC_WS_SIGNAL_RECEIVE);
    if (ws->closing == FC_WS_CLOSING_RCVD) {
        if (!fc_ws_queue_close(ws, code, (struct fc_bytes){ 0 })) {
            fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
            return false;
        }
        fc_ws_enter(ws, FC_WS_SIGNAL_SEND);
    }
    assert(ws->closing == FC_WS_CLOSING_DONE);
    fc_ws_reader_discard(&ws->reader);
    *event = (struct fc_ws_event){
        .type = FC_WS_EVENT_CLOSE,
        .payload = reason,
        .code = code,
        .is_clean = true,
    };
    return true;
}

static bool end_frame(struct fc_ws *ws, struct fc_bytes whole, struct fc_ws_event *event)
{
    fc_ws_reader_end_frame(&ws->reader);
    const uint8_t opcode = ws->reader.header.opcode;
    if (!fc_ws_opcode_is_control(opcode)) {
        return end_data(ws, whole, event);
    }
    struct fc_ws_buffer *collected = ws->control;
    ws->control = NULL;
    const struct fc_bytes payload = give(ws, collected, whole);
    if (opcode == FC_WS_OPCODE_PING) {
        return end_ping(ws, payload, event);
    }
    return opcode == FC_WS_OPCODE_PONG ? end_pong(ws, payload, event)
                                       : end_close(ws, payload, event);
}

static bool take_close_event(struct fc_ws *ws, struct fc_ws_event *event)
{
    if (!ws->is_close_pending) {
        return false;
    }
    ws->is_close_pending = false;
    *event = (struct fc_ws_event){
        .type = FC_WS_EVENT_CLOSE,
        .payload = fc_bytes_of_string(ws->close_reason),
        .code = ws->close_code,
    };
    return true;
}

/* A whole text. Errors: false, the connection failed. */
static bool check_text(struct fc_ws *ws, struct fc_bytes text)
{
    struct fc_utf8 utf8 = { 0 };
    const bool is_valid = fc_utf8_check(&utf8, text);
    if (is_valid && fc_utf8_is_complete(&utf8)) {
        return true;
    }
    fc_ws_fail(ws, FC_WS_CODE_INVALID_DATA,
               is_valid ? "text ends inside a character" : "text is not UTF-8");
    return false;
}

/* What nobody will ask for any more; not earlier, because input may be under way into it. */
static void drop_message(struct fc_ws *ws)
{
    struct fc_ws_buffer *message = fc_ws_message_take(&ws->message);
    fc_ws_buffer_free(&message);
}

/*
 * The frame that there is most of: a small message, all of which lies in the input space. It goes
 * the same way as any other, without the stops. False, with nothing consumed, for all others.
 */
static bool take_small(struct fc_ws *ws, struct fc_ws_event *event)
{
    struct fc_ws_reader *reader = &ws->reader;
    if (reader->has_frame || reader->carry_size > 0 || ws->message.kind ||
        fc_ws_is_discarding(ws)) {
        return false;
    }
    uint8_t *in = reader->space.data + reader->at;
    const uint32_t here = reader->end - reader->at;
    const uint32_t mask_bytes = ws->is_client ? 0 : 4;
    struct small_frame frame;
    if (!small_frame_read(in, here, ws->is_client, &frame) ||
        frame.header_bytes + mask_bytes + frame.payload_bytes > here ||
        frame.payload_bytes > ws->limits.bytes_max) {
        return false;
    }
    uint8_t *payload = in + frame.header_bytes + mask_bytes;
    if (mask_bytes > 0) {
        fc_ws_mask(payload, frame.payload_bytes, in + frame.header_bytes, 0);
    }
    reader->at += frame.header_bytes + mask_bytes + frame.payload_bytes;
    reader->header.header_bytes = (uint8_t)(frame.header_bytes + mask_bytes);
    reader->header.payload_bytes = frame.payload_bytes;
    const struct fc_bytes bytes = { payload, frame.payload_bytes };
    if (frame.kind == FC_WS_TEXT && !check_text(ws, bytes)) {
        return false;
    }
    *event = (struct fc_ws_event){
        .type = FC_WS_EVENT_MESSAGE,
        .kind = frame.kind,
        .payload = bytes,
    };
    return true;
}

/* Any other. Apart, so that a small message does not pay for all the registers that this needs. */
__attribute__((noinline)) static bool take_any(struct fc_ws *ws, struct fc_ws_event *event)
{
    if (fc_ws_is_discarding(ws) && !ws->is_direct) {
        drop_message(ws);
    }
    while (!fc_ws_closing_is_final(ws->closing)) {
        struct fc_bytes whole;
        if (!ws->reader.has_frame && !begin_frame(ws)) {
            break;
        }
        if (!read_payload(ws, &whole)) {
            break;
        }
        if (end_frame(ws, whole, event)) {
            return true;
        }
    }
    if (fc_ws_closing_is_final(ws->closing)) {
        fc_ws_reader_discard(&ws->reader);
        fc_ws_buffer_free(&ws->control);
        return take_close_event(ws, event);
    }
    return false;
}

bool fc_ws_next_event(struct fc_ws *ws, struct fc_ws_event *event)
{
    if (ws->given) {
        fc_ws_buffer_free(&ws->given);
    }
    return take_small(ws, event) || take_any(ws, event);
}
