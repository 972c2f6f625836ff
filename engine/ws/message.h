/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_MESSAGE_H
#define ENGINE_WS_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/bytes.h>

#include "engine/ws/header.h"
#include "engine/ws/utf8.h"

/* Messages that do not arrive whole: payload that is collected, and the rules of fragmentation. */

/** Payload that is collected. Visible so that it can be filled in place. Threads: one at a time. */
struct fc_ws_buffer {
    size_t size;
    size_t capacity;
    uint8_t data[];
};

/**
 * Make room for @p more bytes; NULL is an empty buffer.
 *
 * The first reservation is exact, later ones at least double, so that many fragments cost no more
 * than one.
 *
 * Errors:    false without memory, *buffer untouched.
 */
bool fc_ws_buffer_reserve(struct fc_ws_buffer **buffer, uint64_t more);

/** Append to a buffer that has the room. */
void fc_ws_buffer_append(struct fc_ws_buffer *buffer, struct fc_bytes piece);

/** Release a buffer and set the pointer to NULL. Ignores NULL. */
void fc_ws_buffer_free(struct fc_ws_buffer **buffer);

struct fc_ws_message_limits {
    uint64_t bytes_max;
    uint16_t fragments_max;
};

/** The message that is being received. { 0 } is none. Threads: one at a time. */
struct fc_ws_message {
    struct fc_ws_buffer *buffer; /* owned; NULL while nothing had to be collected */
    uint16_t fragments;
    uint8_t kind; /* enum fc_ws_kind; 0 between messages */
    bool is_deflated;
    struct fc_utf8 utf8;
};

/**
 * Begin a data frame.
 *
 * Errors:    the code to fail with and a static *reason: 1002 for a continuation of nothing or a
 *            new message inside another, 1009 and 1008 for the limits; 0 when it is in order.
 * Spec:      RFC 6455 section 5.4.
 */
uint16_t fc_ws_message_begin(struct fc_ws_message *message, const struct fc_ws_header *header,
                             const struct fc_ws_message_limits *limits, const char **reason);

/** Check the next unmasked piece, when it is text that is not compressed. Errors: false when it is
 * not UTF-8: 1007. */
bool fc_ws_message_check(struct fc_ws_message *message, struct fc_bytes piece);

/** Check that a message may end here. Errors: false in the middle of a character: 1007. */
bool fc_ws_message_may_end(const struct fc_ws_message *message);

/** Forget the message, and give its buffer or NULL. */
struct fc_ws_buffer *fc_ws_message_take(struct fc_ws_message *message);

#endif
