/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_HEADER_H
#define ENGINE_WS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The frame header of RFC 6455 section 5.2. */

#define FC_WS_HEADER_MAX_BYTES 14
#define FC_WS_CONTROL_MAX_BYTES 125

/** RFC 6455 section 11.8; bit 3 marks the control frames. */
enum fc_ws_opcode {
    FC_WS_OPCODE_CONTINUATION = 0x0,
    FC_WS_OPCODE_TEXT = 0x1,
    FC_WS_OPCODE_BINARY = 0x2,
    FC_WS_OPCODE_CLOSE = 0x8,
    FC_WS_OPCODE_PING = 0x9,
    FC_WS_OPCODE_PONG = 0xa,
};

enum fc_ws_step {
    FC_WS_STEP_MORE, /* the header is not complete yet */
    FC_WS_STEP_DONE,
    FC_WS_STEP_FAIL, /* no continuation of these bytes is a valid header: 1002 */
};

/** One frame header, decoded. Threads: any. */
struct fc_ws_header {
    uint64_t payload_bytes;
    uint8_t opcode;       /* enum fc_ws_opcode */
    uint8_t header_bytes; /* set by decoding; ignored by encoding */
    bool fin;
    bool rsv1; /* compressed; whether that was agreed is the caller's to judge, as for masking */
    bool masked;
    uint8_t mask[4];
};

/**
 * Read one header from the front of @p in.
 *
 * Stateless; consumes nothing until it can consume all. Masking is the caller's to judge, because
 * only it knows its role.
 *
 * Errors:    FAIL for RSV2 and RSV3, RSV1 where RFC 7692 never has it (control frames and
 *            continuations), reserved opcodes, a length that is not minimal or above 63 bits, and
 *            control frames that are fragmented or longer than 125 bytes; *out is untouched unless
 *            DONE.
 * Threads:   any.
 * Spec:      RFC 6455 sections 5.2 and 5.5, RFC 7692 section 6.
 */
enum fc_ws_step fc_ws_header_decode(const uint8_t *in, size_t len, struct fc_ws_header *out);

/**
 * Write one header in its shortest form and return its size.
 *
 * Threads:   any.
 * Spec:      RFC 6455 section 5.2.
 */
size_t fc_ws_header_encode(const struct fc_ws_header *header, uint8_t out[FC_WS_HEADER_MAX_BYTES]);

static inline bool fc_ws_opcode_is_control(uint8_t opcode)
{
    return opcode & 0x08;
}

#endif
