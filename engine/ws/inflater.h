/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_INFLATER_H
#define ENGINE_WS_INFLATER_H

#include <framecast/deflate.h>

#include "engine/ws/message.h"

/**
 * Decompress the payload of one message into *out.
 *
 * @param keeps      refer to earlier messages of this inflater, and keep this one for later
 * @param bytes_max  of what comes out
 *
 * Errors:    the code to fail with and a static *reason, *out NULL: 1007 for what is no deflate
 *            data, 1009 over the limits, 1011 without memory; 0 when it is done.
 * Ownership: gives *out; NULL for an empty message.
 * Threads:   the one that owns the inflater.
 * Spec:      RFC 7692 section 7.2.2.
 */
uint16_t fc_inflater_run(struct fc_inflater *inflater, struct fc_bytes payload, bool keeps,
                         uint64_t bytes_max, struct fc_ws_buffer **out);

/** The sentence that goes with a code of fc_inflater_run(). */
const char *fc_inflater_reason(uint16_t code);

#endif
