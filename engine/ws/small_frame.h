/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_SMALL_FRAME_H
#define ENGINE_WS_SMALL_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ws/header.h"

/** A whole, uncompressed message of less than 64 KiB: all that many connections ever send. */
struct small_frame {
    uint32_t payload_bytes;
    uint8_t header_bytes; /* without the mask */
    uint8_t kind;         /* enum fc_ws_kind */
};

/**
 * Read the header of such a frame; false for any other, and for what fc_ws_header_decode() has to
 * judge. Says the same as that does (receive.c is tested with both).
 *
 * Spec:      RFC 6455 section 5.2.
 */
static inline bool small_frame_read(const uint8_t *in, uint32_t size, bool is_from_server,
                                    struct small_frame *out)
{
    enum { FIN = 0x80, MASKED = 0x80, LEN7_MAX = 125, LEN7_16_BITS = 126 };
    if (size < 4) {
        return false;
    }
    const uint8_t kind = in[0] ^ FIN;
    const uint8_t len7 = is_from_server ? in[1] : in[1] ^ MASKED;
    if ((kind != FC_WS_OPCODE_TEXT && kind != FC_WS_OPCODE_BINARY) || len7 > LEN7_16_BITS) {
        return false;
    }
    const bool is_long = len7 == LEN7_16_BITS;
    out->payload_bytes = is_long ? (uint32_t)in[2] << 8 | in[3] : len7;
    out->header_bytes = is_long ? 4 : 2;
    out->kind = kind;
    return !is_long || out->payload_bytes > LEN7_MAX;
}

#endif
