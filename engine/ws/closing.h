/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_CLOSING_H
#define ENGINE_WS_CLOSING_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/ws.h>

#include "engine/ws/header.h"

/* The closing handshake of RFC 6455 section 7: its states and the payload of its frames. */

enum fc_ws_closing {
    FC_WS_CLOSING_OPEN,
    FC_WS_CLOSING_SENT, /* our close frame is queued, the peer's is awaited */
    FC_WS_CLOSING_RCVD, /* the peer's has come, ours is not queued yet */
    FC_WS_CLOSING_DONE,
    FC_WS_CLOSING_FAILED, /* the peer broke a rule or memory ran out; our close frame is the last */
    FC_WS_CLOSING_LOST,   /* the peer is gone, or it took too long */
    FC_WS_CLOSING_COUNT,
};

enum fc_ws_signal {
    FC_WS_SIGNAL_SEND,
    FC_WS_SIGNAL_RECEIVE,
    FC_WS_SIGNAL_FAIL,
    FC_WS_SIGNAL_EOF,
    FC_WS_SIGNAL_DEADLINE,
    FC_WS_SIGNAL_COUNT,
};

/** What a signal makes of a state. Threads: any. */
enum fc_ws_closing fc_ws_closing_next(enum fc_ws_closing state, enum fc_ws_signal signal);

/** True when no more input is wanted. Threads: any. */
static inline bool fc_ws_closing_is_final(enum fc_ws_closing state)
{
    return state >= FC_WS_CLOSING_DONE;
}

/** True when a close frame may carry that code. Spec: RFC 6455 section 7.4, IANA registry. */
bool fc_ws_close_code_is_valid(unsigned code);

/**
 * Read a close frame's payload; an empty one is FC_WS_CODE_NO_STATUS.
 *
 * Errors:    the code to fail with (1002 or 1007), outputs untouched; 0 when it is in order.
 * Ownership: *reason points into payload.
 * Threads:   any.
 * Spec:      RFC 6455 section 5.5.1.
 */
uint16_t fc_ws_close_decode(struct fc_bytes payload, uint16_t *code, struct fc_bytes *reason);

/**
 * Write a close frame's payload and return its size; FC_WS_CODE_NO_STATUS gives an empty one.
 *
 * A reason that is too long is cut at a character, one that is not UTF-8 is left out.
 *
 * Threads:   any.
 * Spec:      RFC 6455 section 5.5.1.
 */
size_t fc_ws_close_encode(unsigned code, struct fc_bytes reason,
                          uint8_t out[FC_WS_CONTROL_MAX_BYTES]);

#endif
