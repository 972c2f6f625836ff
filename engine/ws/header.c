/* SPDX-License-Identifier: MIT */
#include "engine/ws/header.h"

#include <assert.h>
#include <string.h>

/*
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-------+-+-------------+-------------------------------+
 *   |F|R|R|R| opcode|M|  len7       |  2 bytes more when it is 126, |
 *   |I|S|S|S|  (4)  |A|  (7)        |  8 bytes more when it is 127  |
 *   |N|V|V|V|       |S|             |                               |
 *   | |1|2|3|       |K|             |  then the mask if M is set    |
 *   +-+-+-+-+-------+-+-------------+-------------------------------+
 */

enum { LEN7_16_BITS = 126, LEN7_64_BITS = 127, RSV1 = 0x40 };

_Static_assert(FC_WS_CONTROL_MAX_BYTES < LEN7_16_BITS, "a control frame has the short length");

static bool opcode_is_known(uint8_t opcode)
{
    return opcode <= FC_WS_OPCODE_BINARY ||
           (opcode >= FC_WS_OPCODE_CLOSE && opcode <= FC_WS_OPCODE_PONG);
}

static uint64_t read_be(const uint8_t *in, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | in[i];
    }
    return value;
}

static void write_be(uint8_t *out, size_t len, uint64_t value)
{
    for (size_t i = len; i > 0; i--) {
        out[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

/* What the first two bytes alone can tell. */
static bool start_is_valid(const uint8_t in[2])
{
    const uint8_t reserved = in[0] & 0x30; /* RSV2 and RSV3 */
    const uint8_t opcode = in[0] & 0x0f;
    if (reserved || !opcode_is_known(opcode)) {
        return false;
    }
    if (in[0] & RSV1 && opcode != FC_WS_OPCODE_TEXT && opcode != FC_WS_OPCODE_BINARY) {
        return false;
    }
    const bool fin = in[0] & 0x80;
    const uint8_t len7 = in[1] & 0x7f;
    return !fc_ws_opcode_is_control(opcode) || (fin && len7 <= FC_WS_CONTROL_MAX_BYTES);
}

enum fc_ws_step fc_ws_header_decode(const uint8_t *in, size_t len, struct fc_ws_header *out)
{
    if (len < 2) {
        return FC_WS_STEP_MORE;
    }
    if (!start_is_valid(in)) {
        return FC_WS_STEP_FAIL;
    }

    struct fc_ws_header h = {
        .opcode = in[0] & 0x0f,
        .fin = in[0] & 0x80,
        .rsv1 = in[0] & RSV1,
        .masked = in[1] & 0x80,
    };
    const uint8_t len7 = in[1] & 0x7f;
    const size_t ext = len7 == LEN7_64_BITS ? 8 : len7 == LEN7_16_BITS ? 2 : 0;
    const size_t need = 2 + ext + (h.masked ? sizeof(h.mask) : 0);
    if (len < need) {
        return FC_WS_STEP_MORE;
    }

    h.payload_bytes = ext ? read_be(in + 2, ext) : len7;
    const uint64_t smallest = ext == 8 ? 65536 : ext == 2 ? LEN7_16_BITS : 0;
    if (h.payload_bytes < smallest || h.payload_bytes > INT64_MAX) {
        return FC_WS_STEP_FAIL;
    }

    if (h.masked) {
        memcpy(h.mask, in + 2 + ext, sizeof(h.mask));
    }
    h.header_bytes = (uint8_t)need;
    *out = h;
    return FC_WS_STEP_DONE;
}

size_t fc_ws_header_encode(const struct fc_ws_header *header, uint8_t out[FC_WS_HEADER_MAX_BYTES])
{
    const uint64_t payload_bytes = header->payload_bytes;
    assert(opcode_is_known(header->opcode));
    assert(payload_bytes <= INT64_MAX);
    assert(!fc_ws_opcode_is_control(header->opcode) ||
           (header->fin && !header->rsv1 && payload_bytes <= FC_WS_CONTROL_MAX_BYTES));

    const size_t ext = payload_bytes > 65535 ? 8 : payload_bytes >= LEN7_16_BITS ? 2 : 0;
    const uint8_t len7 = ext == 8 ? LEN7_64_BITS : ext == 2 ? LEN7_16_BITS : (uint8_t)payload_bytes;
    out[0] = (uint8_t)((header->fin ? 0x80 : 0) | (header->rsv1 ? RSV1 : 0) | header->opcode);
    out[1] = (uint8_t)((header->masked ? 0x80 : 0) | len7);
    write_be(out + 2, ext, payload_bytes);
    size_t size = 2 + ext;
    if (header->masked) {
        memcpy(out + size, header->mask, sizeof(header->mask));
        size += sizeof(header->mask);
    }
    return size;
}
