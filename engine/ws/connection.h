/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_CONNECTION_H
#define ENGINE_WS_CONNECTION_H

#include <framecast/ws.h>

#include "engine/ws/closing.h"
#include "engine/ws/heartbeat.h"
#include "engine/ws/inflater.h"
#include "engine/ws/mask_key.h"
#include "engine/ws/message.h"
#include "engine/ws/output.h"
#include "engine/ws/reader.h"

/* What ws.c and receive.c share: the engine's parts, and the few ways in which its state changes.
 */

#define FC_WS_REASON_MEMORY "out of memory"

/** Threads: one at a time. */
struct fc_ws {
    struct fc_ws_reader reader;
    struct fc_ws_message message;
    struct fc_ws_buffer *control; /* owned; payload of a control frame that came in pieces */
    struct fc_ws_buffer *given;   /* owned; what the last event borrows */
    struct fc_ws_output *output;  /* owned */
    struct fc_ws_heartbeat heartbeat;
    struct fc_ws_message_limits limits;
    uint64_t output_max_bytes;
    int64_t close_timeout_ns;
    int64_t close_deadline_ns;    /* FC_WS_TIME_UNKNOWN until a time is told after closing began */
    const char *close_reason;     /* static; for the close event */
    struct fc_inflater *inflater; /* owned or lent; NULL: none is needed yet */
    uint16_t close_code;          /* for the close event */
    uint8_t closing;              /* enum fc_ws_closing; changed by enter() alone */
    bool is_client;               /* the role */
    bool is_deflate_on;           /* permessage-deflate was agreed */
    bool keeps_context;           /* the peer may refer to earlier messages: the inflater is ours */
    bool is_inflater_lent;
    bool is_in_parts;                /* a message that we send has begun and not ended */
    bool is_direct;                  /* the room last offered was the message's own */
    bool may_hold_input;             /* the space is the engine's own, or it may be held */
    bool holds_input;                /* what came of the message lies in the input space */
    bool is_close_pending;           /* the close event is due */
    struct fc_mask_keys mask_keys[]; /* one, of a client */
};

_Static_assert(sizeof(struct fc_ws) <= 216, "an idle connection is small");

/** Let a signal change the closing state. */
void fc_ws_enter(struct fc_ws *ws, enum fc_ws_signal signal);

/** End the connection: the first code and static reason given are those of the close event. */
void fc_ws_end(struct fc_ws *ws, enum fc_ws_signal signal, uint16_t code, const char *reason);

/** Break off with a close frame; without memory for one the connection ends without. */
void fc_ws_fail(struct fc_ws *ws, uint16_t code, const char *reason);

/** The masking key of the next frame that a client sends. Spec: RFC 6455 section 5.3. */
void fc_ws_next_mask(struct fc_ws *ws, uint8_t mask[4]);

/** Queue a frame with that opcode, fin and rsv1. Errors: false without memory. */
bool fc_ws_queue_frame(struct fc_ws *ws, struct fc_ws_header header, struct fc_bytes payload);

/** Queue one whole frame. Errors: false without memory. */
bool fc_ws_queue(struct fc_ws *ws, uint8_t opcode, struct fc_bytes payload);

/** Queue a close frame. Errors: false without memory. */
bool fc_ws_queue_close(struct fc_ws *ws, uint16_t code, struct fc_bytes reason);

/** The characters of a string, of which NULL has none. */
struct fc_bytes fc_bytes_of_string(const char *string);

#endif
