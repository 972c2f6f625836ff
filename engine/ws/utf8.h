/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_UTF8_H
#define ENGINE_WS_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/bytes.h>

/** A check of UTF-8 that may come in pieces; { 0 } is between two characters. Threads: any. */
struct fc_utf8 {
    uint8_t left; /* bytes that the character begun still needs; the next one is in low..high */
    uint8_t low;
    uint8_t high;
};

/**
 * Check the next piece.
 *
 * Errors:    false at the first byte that no valid text can continue with.
 * Threads:   any.
 * Spec:      RFC 3629 section 4.
 */
bool fc_utf8_check(struct fc_utf8 *utf8, struct fc_bytes piece);

/** The same, byte by byte: what fc_utf8_check() is tested against. Threads: any. */
bool fc_utf8_check_scalar(struct fc_utf8 *utf8, struct fc_bytes piece);

/** True when the text may end here. Threads: any. */
static inline bool fc_utf8_is_complete(const struct fc_utf8 *utf8)
{
    return utf8->left == 0;
}

/** True when @p text is valid and complete by itself. Threads: any. */
bool fc_utf8_is_valid(struct fc_bytes text);

#endif
