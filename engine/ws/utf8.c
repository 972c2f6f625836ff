/* SPDX-License-Identifier: MIT */
#include "engine/ws/utf8.h"

#include <string.h>

#include "engine/ws/processor.h"
#include "engine/ws/utf8_skip.h"

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
 *
 * The bulk of a piece is passed over by a skip function that this processor is good at; its edges,
 * and what is wrong in it, are seen byte by byte here.
 */

enum {
    SHORT_BYTES = 128, /* up to here a look for ASCII is done before a call is */
    AVX2_BYTES = 35,   /* from here on AVX2 is worth asking for */
};

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

bool fc_utf8_check_by(fc_utf8_skip *skip, struct fc_utf8 *utf8, struct fc_bytes piece)
{
    struct fc_utf8 state = *utf8;
    size_t i = 0;
    while (i < piece.size && state.left > 0) {
        if (!step(&state, piece.data[i++])) {
            return false;
        }
    }
    if (i < piece.size) {
        i += skip(piece.data + i, piece.size - i);
    }
    if (!fc_utf8_check_scalar(&state, (struct fc_bytes){ piece.data + i, piece.size - i })) {
        return false;
    }
    *utf8 = state;
    return true;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)
enum { WORD_BYTES = sizeof(uint64_t), FOUR_WORDS_BYTES = 4 * WORD_BYTES };

static inline bool is_ascii_word(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof(word));
    return (word & HIGH_BITS) == 0;
}

static inline bool are_ascii_four_words(const uint8_t *data)
{
    uint64_t word[4];
    memcpy(word, data, sizeof(word));
    return ((word[0] | word[1] | word[2] | word[3]) & HIGH_BITS) == 0;
}

/* Of a word or more; the last one overlaps the one before. */
static inline bool is_ascii(const uint8_t *data, size_t size)
{
    const size_t last_at = size - WORD_BYTES;
    size_t i = 0;
    for (; size - i >= FOUR_WORDS_BYTES; i += FOUR_WORDS_BYTES) {
        if (!are_ascii_four_words(data + i)) {
            return false;
        }
    }
    for (; i < last_at; i += WORD_BYTES) {
        if (!is_ascii_word(data + i)) {
            return false;
        }
    }
    return is_ascii_word(data + last_at);
}

bool fc_utf8_check(struct fc_utf8 *utf8, struct fc_bytes piece)
{
    const bool is_short = piece.size >= WORD_BYTES && piece.size <= SHORT_BYTES;
    if (is_short && utf8->left == 0 && is_ascii(piece.data, piece.size)) {
        return true;
    }
    const bool is_large = piece.size >= AVX2_BYTES && fc_has_avx2();
    return fc_utf8_check_by(is_large ? fc_utf8_skip_avx2 : fc_utf8_skip_any, utf8, piece);
}

bool fc_utf8_is_valid(struct fc_bytes text)
{
    struct fc_utf8 utf8 = { 0 };
    return fc_utf8_check(&utf8, text) && fc_utf8_is_complete(&utf8);
}
