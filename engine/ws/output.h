/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_OUTPUT_H
#define ENGINE_WS_OUTPUT_H

#include <stdbool.h>

#include <framecast/bytes.h>

#include "engine/ws/header.h"

/*
 * Frames that wait to be sent, in one growing buffer that exists only while something waits. NULL
 * is an empty output. Threads: one at a time.
 */
struct fc_ws_output;

/**
 * Append one frame, masking the payload when the header says so.
 *
 * A pong takes the place of an earlier one of which nothing was sent yet, so that a flood of pings
 * is answered in bounded memory (RFC 6455 section 5.5.3).
 *
 * Errors:    false without memory; no frame is half queued.
 * Ownership: borrows payload for the call.
 */
bool fc_ws_output_add(struct fc_ws_output **output, const struct fc_ws_header *header,
                      struct fc_bytes payload);

/** The bytes that wait; borrowed until the next call. */
struct fc_bytes fc_ws_output_get(const struct fc_ws_output *output);

/** Drop the first @p size bytes, which were sent. */
void fc_ws_output_take(struct fc_ws_output **output, size_t size);

/** Drop everything. Ignores NULL. */
void fc_ws_output_free(struct fc_ws_output **output);

#endif
