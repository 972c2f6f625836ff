/* SPDX-License-Identifier: MIT */
#include "engine/ws/utf8.h"

#include <string.h>

/*
 * RFC 3629 section 4, as what may follow a first byte:
 *
 *     00..7F
 *     C2..DF  80..BF
 *     E0      A0..BF  80..BF            (no overlong forms)
 *     E1..EF  80..BF  80..BF            (but ED 80..9F: no surrogates)
 *     F0      90..BF  80..BF  80..BF
 *     F1..F3  80..BF  80..BF  80..BF
 *     F4      80..8F  80..BF  80..BF    (nothing above U+10FFFF)
 *
 * Only the second byte's range ever differs, so the state is a count and a range.
 */

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool begin_character(struct fc_utf8 *utf8, uint8_t byte)
{
    if (byte < 0x80) {
        return true;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return false;
    }
    *utf8 = (struct fc_utf8){
        .left = byte < 0xe0   ? 1
                : byte < 0xf0 ? 2
                              : 3,
        .low = byte == 0xe0   ? 0xa0
               : byte == 0xf0 ? 0x90
                              : 0x80,
        .high = byte == 0xed   ? 0x9f
                : byte == 0xf4 ? 0x8f
                               : 0xbf,
    };
    return true;
}

static bool step(struct fc_utf8 *utf8, uint8_t byte)
{
    if (utf8->left == 0) {
        return begin_character(utf8, byte);
    }
    if (byte < utf8->low || byte > utf8->high) {
        return false;
    }
    *utf8 = (struct fc_utf8){ .left = (uint8_t)(utf8->left - 1), .low = 0x80, .high = 0xbf };
    return true;
}

bool fc_utf8_check_scalar(struct fc_utf8 *utf8, struct fc_bytes piece)
{
    for (size_t i = 0; i < piece.size; i++) {
        if (!step(utf8, piece.data[i])) {
            return false;
        }
    }
    return true;
}

/* How many whole words at the front are ASCII: four words at a time, then one by one. */
static size_t skip_ascii(const uint8_t *data, size_t size)
{
    size_t i = 0;
    for (; size - i >= 32; i += 32) {
        uint64_t word[4];
        memcpy(word, data + i, sizeof(word));
        if ((word[0] | word[1] | word[2] | word[3]) & HIGH_BITS) {
            break;
        }
    }
    for (; size - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, sizeof(word));
        if (word & HIGH_BITS) {
            break;
        }
    }
    return i;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The size of a whole character of the kinds that most text is made of; 0 for any other. */
static size_t common_character(const uint8_t *data, size_t size)
{
    const uint8_t lead = data[0];
    if (lead >= 0xc2 && lead <= 0xdf) {
        return size >= 2 && is_continuation(data[1]) ? 2 : 0;
    }
    if (lead > 0xe0 && lead <= 0xef && lead != 0xed) {
        return size >= 3 && is_continuation(data[1]) && is_continuation(data[2]) ? 3 : 0;
    }
    return 0;
}

/* Whole characters that can be passed over at once, at least one byte of input being there. */
static size_t skip_whole(const uint8_t *data, size_t size)
{
    return *data < 0x80 ? skip_ascii(data, size) : common_character(data, size);
}

bool fc_utf8_check(struct fc_utf8 *utf8, struct fc_bytes piece)
{
    struct fc_utf8 state = *utf8;
    size_t i = 0;
    while (i < piece.size) {
        const size_t skipped = state.left == 0 ? skip_whole(piece.data + i, piece.size - i) : 0;
        i += skipped;
        if (skipped == 0 && !step(&state, piece.data[i++])) {
            return false;
        }
    }
    *utf8 = state;
    return true;
}

bool fc_utf8_is_valid(struct fc_bytes text)
{
    struct fc_utf8 utf8 = { 0 };
    return fc_utf8_check(&utf8, text) && fc_utf8_is_complete(&utf8);
}
