/* SPDX-License-Identifier: MIT */
#ifndef BASE_LIVE_WIRE_H
#define BASE_LIVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

/* What both ends of the subprotocol framecast.v1 must agree on. Threads: any. */

#define LIVE_SUBPROTOCOL "framecast.v1"
#define LIVE_PATH "/live"

/** There is no such stream: the code of an error message, and of a close. */
#define LIVE_NO_STREAM "no_such_stream"
#define LIVE_CLOSE_NO_STREAM 4000

#define LIVE_HEADER_BYTES 32
#define LIVE_LEFT_OUT_AT 30 /* two bytes that are filled in last, for each viewer */

enum live_codec { LIVE_JPEG = 1, LIVE_H264 = 2 };

/** What goes before a picture in its binary message. */
struct live_header {
    uint16_t stream_id;
    uint8_t codec; /* enum live_codec, or one that we do not know */
    bool is_key, is_discontinuity;
    uint64_t seq;
    uint64_t captured_at_us; /* since the epoch */
    uint32_t width;
    uint16_t height;
    uint16_t left_out; /* before this one, for this viewer */
};

void live_header_write(const struct live_header *header, uint8_t out[LIVE_HEADER_BYTES]);

/**
 * Read the header of a binary message; *picture is what follows it, within the message.
 *
 * Errors:    a static reason; NULL when it is in order.
 */
FC_NODISCARD const char *live_header_read(struct fc_bytes message, struct live_header *out,
                                          struct fc_bytes *picture);

#endif
