/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_READER_H
#define ENGINE_WS_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/bytes.h>

#include "engine/ws/header.h"

/**
 * Cuts what arrives in the scratch space into frame headers and unmasked payload.
 *
 * The space may be shared with other engines, so no header is left in it: one that ends in the
 * middle is carried. Payload is for the caller to collect, or to leave where it is.
 *
 * Threads: one at a time.
 */
struct fc_ws_reader {
    struct fc_space space; /* borrowed */
    uint32_t at;           /* of the next byte in the space */
    uint32_t end;          /* of what arrived */
    union {
        struct fc_ws_header header;            /* of the frame, or of the last one */
        uint8_t carry[FC_WS_HEADER_MAX_BYTES]; /* while carry_size is not 0 */
    };
    uint64_t received; /* of the frame's payload */
    bool has_frame;    /* between a header and the end of its payload */
    uint8_t carry_size;
};

/** Have what arrives next begin at the front of the space, all of which was read. */
void fc_ws_reader_rewind(struct fc_ws_reader *reader);

/** Say that @p size bytes arrived behind what was read. */
void fc_ws_reader_arrived(struct fc_ws_reader *reader, size_t size);

/** True when there are bytes in the space that were not read. */
bool fc_ws_reader_has_bytes(const struct fc_ws_reader *reader);

/** Read the next header; DONE begins its frame. MORE consumes all there is. */
enum fc_ws_step fc_ws_reader_header(struct fc_ws_reader *reader);

/** Read and unmask as much of the frame's payload as there is; borrowed from the space. */
struct fc_bytes fc_ws_reader_payload(struct fc_ws_reader *reader);

/** All of the frame's payload that was read up to here, where it lies; only if all of it arrived in
 * the space, without a rewind since it began. Borrowed from the space. */
struct fc_bytes fc_ws_reader_payload_so_far(const struct fc_ws_reader *reader);

/** Unmask payload that was received outside of the space. */
void fc_ws_reader_direct(struct fc_ws_reader *reader, struct fc_space payload);

/** How much of the frame's payload is still to come. */
uint64_t fc_ws_reader_missing(const struct fc_ws_reader *reader);

/** End the frame, of which nothing may be missing. */
void fc_ws_reader_end_frame(struct fc_ws_reader *reader);

/** Forget all bytes that were not read. */
void fc_ws_reader_discard(struct fc_ws_reader *reader);

#endif
