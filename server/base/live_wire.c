/* SPDX-License-Identifier: MIT */
#include "base/live_wire.h"

/*
 * A binary message, big endian:
 *
 *      0        1        2                 4        5        6                 8
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *     | 1      | kind   | stream id       | codec  | flags  | header size     |
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *     | sequence number                                                       | 8
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *     | captured, microseconds since the epoch                                | 16
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *     | width                             | height          | left out        | 24
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *     | header size - 32 bytes of later versions, skipped; then the picture     32
 */

#define VERSION 1
#define KIND_PICTURE 1
#define FLAG_KEY 1u
#define FLAG_DISCONTINUITY 2u

static void put_be(uint8_t *out, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    }
}

static uint64_t get_be(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

void live_header_write(const struct live_header *header, uint8_t out[LIVE_HEADER_BYTES])
{
    out[0] = VERSION;
    out[1] = KIND_PICTURE;
    put_be(out + 2, 2, header->stream_id);
    out[4] = header->codec;
    out[5] = (uint8_t)((header->is_key ? FLAG_KEY : 0) |
                       (header->is_discontinuity ? FLAG_DISCONTINUITY : 0));
    put_be(out + 6, 2, LIVE_HEADER_BYTES);
    put_be(out + 8, 8, header->seq);
    put_be(out + 16, 8, header->captured_at_us);
    put_be(out + 24, 4, header->width);
    put_be(out + 28, 2, header->height);
    put_be(out + LIVE_LEFT_OUT_AT, 2, header->left_out);
}

const char *live_header_read(struct fc_bytes message, struct live_header *out,
                             struct fc_bytes *picture)
{
    const uint8_t *at = message.data;
    if (message.size < LIVE_HEADER_BYTES) {
        return "a picture's header is cut off";
    }
    if (at[0] != VERSION || at[1] != KIND_PICTURE) {
        return "a message is of a version or kind that this program does not know";
    }
    const size_t header_bytes = (size_t)get_be(at + 6, 2);
    if (header_bytes < LIVE_HEADER_BYTES || header_bytes > message.size) {
        return "a picture's header has an impossible size";
    }

    *out = (struct live_header){
        .stream_id = (uint16_t)get_be(at + 2, 2),
        .codec = at[4],
        .is_key = at[5] & FLAG_KEY,
        .is_discontinuity = at[5] & FLAG_DISCONTINUITY,
        .seq = get_be(at + 8, 8),
        .captured_at_us = get_be(at + 16, 8),
        .width = (uint32_t)get_be(at + 24, 4),
        .height = (uint16_t)get_be(at + 28, 2),
        .left_out = (uint16_t)get_be(at + LIVE_LEFT_OUT_AT, 2),
    };
    *picture = (struct fc_bytes){ at + header_bytes, message.size - header_bytes };
    return NULL;
}
