/* SPDX-License-Identifier: MIT */
#include <framecast/ws.h>

#include <assert.h>
#include <stdlib.h>

#include "engine/ws/connection.h"

/*
 * Composition only: making and releasing an engine, sending, and time. receive.c has the way in,
 * connection.c the changes of state.
 */

enum { OWN_INPUT_BYTES = 16 * 1024, INPUT_MIN_BYTES = 1024, FRAGMENTS_MAX = 16384 };

#define MESSAGE_MAX_BYTES (UINT64_C(16) * 1024 * 1024)
#define OUTPUT_MAX_BYTES (UINT64_C(1) * 1024 * 1024)
#define CLOSE_TIMEOUT_NS (INT64_C(2) * 1000 * 1000 * 1000)
#define PONG_TIMEOUT_NS (INT64_C(20) * 1000 * 1000 * 1000)

static uint16_t fragments_max(uint32_t given)
{
    given = given ? given : FRAGMENTS_MAX;
    return given < UINT16_MAX ? (uint16_t)given : UINT16_MAX;
}

struct fc_ws *fc_ws_new(const struct fc_ws_options *options)
{
    const struct fc_ws_options *o = options;
    assert(!o->input_space.data || o->input_space.size >= INPUT_MIN_BYTES);
    const bool has_own_space = !o->input_space.data;
    const size_t keys_bytes = o->role == FC_WS_CLIENT ? sizeof(struct fc_mask_keys) : 0;
    struct fc_ws *ws = malloc(sizeof(*ws) + keys_bytes + (has_own_space ? OWN_INPUT_BYTES : 0));
    if (!ws) {
        return NULL;
    }

    *ws = (struct fc_ws){
        .reader.space = o->input_space,
        .heartbeat = {
            .ping_every_ns = o->ping_every_ns,
            .pong_timeout_ns = o->pong_timeout_ns ? o->pong_timeout_ns : PONG_TIMEOUT_NS,
            .heard_ns = FC_WS_TIME_UNKNOWN,
        },
        .limits = {
            .bytes_max = o->message_max_bytes ? o->message_max_bytes : MESSAGE_MAX_BYTES,
            .fragments_max = fragments_max(o->fragments_max),
        },
        .output_max_bytes = o->output_max_bytes ? o->output_max_bytes : OUTPUT_MAX_BYTES,
        .close_timeout_ns = o->close_timeout_ns ? o->close_timeout_ns : CLOSE_TIMEOUT_NS,
        .close_deadline_ns = FC_WS_TIME_UNKNOWN,
        .is_deflate_on = o->deflate.is_on,
        .keeps_context = o->role == FC_WS_CLIENT ? !o->deflate.server_no_context_takeover
                                                 : !o->deflate.client_no_context_takeover,
        .may_hold_input = has_own_space || o->may_hold_input,
        .is_client = o->role == FC_WS_CLIENT,
    };
    if (has_own_space) {
        ws->reader.space = (struct fc_space){ (uint8_t *)(ws + 1) + keys_bytes, OWN_INPUT_BYTES };
    }
    if (ws->is_client) {
        fc_mask_keys_init(&ws->mask_keys[0], o->mask_secret);
    }
    if (!ws->keeps_context && o->inflater) {
        ws->inflater = o->inflater;
        ws->is_inflater_lent = true;
    }
    if (ws->reader.space.size > UINT32_MAX) {
        ws->reader.space.size = UINT32_MAX;
    }
    return ws;
}

void fc_ws_free(struct fc_ws **ws)
{
    struct fc_ws *w = *ws;
    *ws = NULL;
    if (!w) {
        return;
    }
    struct fc_ws_buffer *message = fc_ws_message_take(&w->message);
    fc_ws_buffer_free(&message);
    fc_ws_buffer_free(&w->control);
    fc_ws_buffer_free(&w->given);
    fc_ws_output_free(&w->output);
    if (!w->is_inflater_lent) {
        fc_inflater_free(&w->inflater);
    }
    free(w);
}

/* Output */

static bool has_room(const struct fc_ws *ws, size_t size)
{
    const uint64_t queued = fc_ws_output_get(ws->output).size;
    return queued <= ws->output_max_bytes && size <= ws->output_max_bytes - queued;
}

static bool send_frame(struct fc_ws *ws, struct fc_ws_header header, struct fc_bytes payload)
{
    if (ws->closing != FC_WS_CLOSING_OPEN || !has_room(ws, payload.size)) {
        return false;
    }
    if (!fc_ws_queue_frame(ws, header, payload)) {
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
        return false;
    }
    return true;
}

bool fc_ws_send(struct fc_ws *ws, enum fc_ws_kind kind, struct fc_bytes payload)
{
    assert(kind == FC_WS_TEXT || kind == FC_WS_BINARY);
    const struct fc_ws_header header = { .opcode = (uint8_t)kind, .fin = true };
    return !ws->is_in_parts && send_frame(ws, header, payload);
}

bool fc_ws_send_deflated(struct fc_ws *ws, enum fc_ws_kind kind, struct fc_bytes payload)
{
    assert(kind == FC_WS_TEXT || kind == FC_WS_BINARY);
    assert(ws->is_deflate_on);
    const struct fc_ws_header header = { .opcode = (uint8_t)kind, .fin = true, .rsv1 = true };
    return ws->is_deflate_on && !ws->is_in_parts && send_frame(ws, header, payload);
}

bool fc_ws_send_part(struct fc_ws *ws, enum fc_ws_kind kind, struct fc_bytes part, bool is_last)
{
    assert(kind == FC_WS_TEXT || kind == FC_WS_BINARY);
    const struct fc_ws_header header = {
        .opcode = ws->is_in_parts ? FC_WS_OPCODE_CONTINUATION : (uint8_t)kind,
        .fin = is_last,
    };
    if (!send_frame(ws, header, part)) {
        return false;
    }
    ws->is_in_parts = !is_last;
    return true;
}

bool fc_ws_ping(struct fc_ws *ws, int64_t now_ns)
{
    if (ws->closing != FC_WS_CLOSING_OPEN || ws->heartbeat.is_waiting) {
        return false;
    }
    uint8_t payload[FC_WS_PING_BYTES];
    fc_ws_heartbeat_ping(&ws->heartbeat, now_ns, payload);
    if (!fc_ws_queue(ws, FC_WS_OPCODE_PING, (struct fc_bytes){ payload, sizeof(payload) })) {
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
        return false;
    }
    return true;
}

void fc_ws_close(struct fc_ws *ws, enum fc_ws_code code, const char *reason, int64_t now_ns)
{
    if (ws->closing != FC_WS_CLOSING_OPEN) {
        return;
    }
    if (!fc_ws_queue_close(ws, (uint16_t)code, fc_bytes_of_string(reason))) {
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, FC_WS_REASON_MEMORY);
        return;
    }
    fc_ws_enter(ws, FC_WS_SIGNAL_SEND);
    ws->close_deadline_ns = fc_ws_time_add(now_ns, ws->close_timeout_ns);
}

struct fc_bytes fc_ws_output(struct fc_ws *ws)
{
    return fc_ws_output_get(ws->output);
}

void fc_ws_output_done(struct fc_ws *ws, size_t size)
{
    if (size == 0) {
        fc_ws_end(ws, FC_WS_SIGNAL_EOF, FC_WS_CODE_ABNORMAL, "the peer is gone");
        return;
    }
    if (ws->output) {
        fc_ws_output_take(&ws->output, size);
    }
}

/* Time and queries */

static int64_t tick_closing(struct fc_ws *ws, int64_t now_ns)
{
    if (fc_ws_is_done(ws)) {
        return INT64_MAX;
    }
    if (ws->close_deadline_ns == FC_WS_TIME_UNKNOWN) {
        ws->close_deadline_ns = fc_ws_time_add(now_ns, ws->close_timeout_ns);
    }
    if (now_ns < ws->close_deadline_ns) {
        return ws->close_deadline_ns;
    }
    fc_ws_end(ws, FC_WS_SIGNAL_DEADLINE, FC_WS_CODE_ABNORMAL, "no answer to the close frame");
    return INT64_MAX;
}

int64_t fc_ws_tick(struct fc_ws *ws, int64_t now_ns)
{
    if (ws->closing != FC_WS_CLOSING_OPEN) {
        return tick_closing(ws, now_ns);
    }
    int64_t next_ns;
    switch (fc_ws_heartbeat_poll(&ws->heartbeat, now_ns, &next_ns)) {
    case FC_WS_BEAT_NONE:
        return next_ns;
    case FC_WS_BEAT_PING:
        if (fc_ws_ping(ws, now_ns)) {
            return next_ns;
        }
        break;
    case FC_WS_BEAT_DEAD:
        fc_ws_fail(ws, FC_WS_CODE_INTERNAL, "no answer to a ping");
        break;
    }
    return tick_closing(ws, now_ns);
}

void fc_ws_postpone_pong(struct fc_ws *ws, int64_t now_ns)
{
    if (ws->heartbeat.is_waiting) {
        fc_ws_heartbeat_heard(&ws->heartbeat, now_ns);
    }
}

bool fc_ws_is_open(const struct fc_ws *ws)
{
    return ws->closing == FC_WS_CLOSING_OPEN;
}

bool fc_ws_is_done(const struct fc_ws *ws)
{
    return fc_ws_closing_is_final(ws->closing) && !ws->output;
}
