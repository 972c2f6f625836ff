/* SPDX-License-Identifier: MIT */
#include "engine/ws/utf8_skip.h"

#include "engine/ws/processor.h"

/*
 * 32 bytes at a time, by the idea of John Keiser and Daniel Lemire, "Validating UTF-8 in less than
 * one instruction per byte", 2021: whether two neighbouring bytes may stand side by side is decided
 * by three tables of sixteen rows, of the first byte's halves and the second's upper half. Each bit
 * of a row is one kind of mistake that the half does not exclude; a bit left in all three is made.
 *
 * What two bytes cannot tell is whether a continuation belongs to a character of three or four
 * bytes. Two continuations side by side are a mistake by the tables, and must be one exactly where
 * the byte two before begins at least three bytes, or the byte three before begins four.
 */

#if FC_WITH_AVX2

#include <immintrin.h>

enum mistake {
    TOO_SHORT = 1 << 0,  /* a lead and no continuation */
    TOO_LONG = 1 << 1,   /* a continuation after ASCII */
    OVERLONG_2 = 1 << 2, /* C0 or C1, 80..BF */
    OVERLONG_3 = 1 << 3, /* E0, 80..9F */
    SURROGATE = 1 << 4,  /* ED, A0..BF */
    TOO_LARGE = 1 << 5,  /* F4 or above, 90..BF */
    EDGE_4 = 1 << 6,     /* F0, 80..8F: overlong; F5 or above, 80..8F: too large */
    TWO_INSIDE = 1 << 7, /* a continuation after another: the sign bit, see must_continue() */
    ANY_FIRST = TOO_SHORT | TOO_LONG | TWO_INSIDE,   /* says nothing of the first's lower half */
    ANY_INSIDE = TOO_LONG | OVERLONG_2 | TWO_INSIDE, /* what any continuation can be */
    FROM_F5 = ANY_FIRST | TOO_LARGE | EDGE_4,
};

#define ROWS(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))
#define ROW(mistakes) ((char)(mistakes))

/* clang-format off */
FC_AVX2
static inline __m256i by_first_upper(__m256i half)
{
    const __m256i rows = ROWS(
        /* 0..7 */ TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
        /* 8..B */ ROW(TWO_INSIDE), ROW(TWO_INSIDE), ROW(TWO_INSIDE), ROW(TWO_INSIDE),
        /* C */ TOO_SHORT | OVERLONG_2,
        /* D */ TOO_SHORT,
        /* E */ TOO_SHORT | OVERLONG_3 | SURROGATE,
        /* F */ TOO_SHORT | TOO_LARGE | EDGE_4);
    return _mm256_shuffle_epi8(rows, half);
}

FC_AVX2
static inline __m256i by_first_lower(__m256i half)
{
    const __m256i rows = ROWS(
        /* 0 */ ROW(ANY_FIRST | OVERLONG_2 | OVERLONG_3 | EDGE_4),
        /* 1 */ ROW(ANY_FIRST | OVERLONG_2),
        /* 2, 3 */ ROW(ANY_FIRST), ROW(ANY_FIRST),
        /* 4 */ ROW(ANY_FIRST | TOO_LARGE),
        /* 5..C */ ROW(FROM_F5), ROW(FROM_F5), ROW(FROM_F5), ROW(FROM_F5),
                   ROW(FROM_F5), ROW(FROM_F5), ROW(FROM_F5), ROW(FROM_F5),
        /* D */ ROW(FROM_F5 | SURROGATE),
        /* E, F */ ROW(FROM_F5), ROW(FROM_F5));
    return _mm256_shuffle_epi8(rows, half);
}

FC_AVX2
static inline __m256i by_second_upper(__m256i half)
{
    const __m256i rows = ROWS(
        /* 0..7 */ TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
                   TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        /* 8 */ ROW(ANY_INSIDE | OVERLONG_3 | EDGE_4),
        /* 9 */ ROW(ANY_INSIDE | OVERLONG_3 | TOO_LARGE),
        /* A, B */ ROW(ANY_INSIDE | SURROGATE | TOO_LARGE), ROW(ANY_INSIDE | SURROGATE | TOO_LARGE),
        /* C..F */ TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    return _mm256_shuffle_epi8(rows, half);
}
/* clang-format on */

FC_AVX2
static inline __m256i upper_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
}

/* The sign bit where the third or fourth byte of a character must be; other bits are noise. */
FC_AVX2
static inline __m256i must_continue(__m256i two_before, __m256i three_before)
{
    const __m256i third = _mm256_subs_epu8(two_before, _mm256_set1_epi8(0xe0 - 0x80));
    const __m256i fourth = _mm256_subs_epu8(three_before, _mm256_set1_epi8((char)(0xf0 - 0x80)));
    return _mm256_or_si256(third, fourth);
}

/* Not zero in each byte that cannot follow the three before it. */
FC_AVX2
static inline __m256i mistakes(__m256i bytes, __m256i one, __m256i two, __m256i three)
{
    const __m256i lower = _mm256_and_si256(one, _mm256_set1_epi8(0x0f));
    const __m256i first = _mm256_and_si256(by_first_upper(upper_half(one)), by_first_lower(lower));
    const __m256i pairs = _mm256_and_si256(first, by_second_upper(upper_half(bytes)));
    const __m256i sign = _mm256_and_si256(must_continue(two, three), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(pairs, sign);
}

enum { VECTOR_BYTES = 32, BLOCK_BYTES = 2 * VECTOR_BYTES, LOOK_BACK_BYTES = 3 };

FC_AVX2
static inline __m256i load(const uint8_t *data)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)data);
}

FC_AVX2
static inline bool is_zero(__m256i v)
{
    return _mm256_testz_si256(v, v);
}

FC_AVX2
static inline bool is_ascii(__m256i v)
{
    return _mm256_movemask_epi8(v) == 0;
}

/* Before the first vector is nothing, which counts as ASCII. */
FC_AVX2
static inline bool is_good_first(const uint8_t *data)
{
    const __m256i bytes = load(data);
    if (is_ascii(bytes)) {
        return true;
    }
    const __m256i before = _mm256_permute2x128_si256(bytes, bytes, 0x08); /* 0, then the lower */
    return is_zero(mistakes(bytes, _mm256_alignr_epi8(bytes, before, 15),
                            _mm256_alignr_epi8(bytes, before, 14),
                            _mm256_alignr_epi8(bytes, before, 13)));
}

/* Any other vector: at least LOOK_BACK_BYTES are before it. */
FC_AVX2
static inline __m256i mistakes_at(const uint8_t *data)
{
    return mistakes(load(data), load(data - 1), load(data - 2), load(data - LOOK_BACK_BYTES));
}

/* ASCII after ASCII is good at a glance. */
FC_AVX2
static inline bool is_good(const uint8_t *data)
{
    return (data[-1] < 0x80 && is_ascii(load(data))) || is_zero(mistakes_at(data));
}

FC_AVX2
static inline bool is_good_block(const uint8_t *data)
{
    const __m256i all = _mm256_or_si256(load(data), load(data + VECTOR_BYTES));
    return (data[-1] < 0x80 && is_ascii(all)) ||
           is_zero(_mm256_or_si256(mistakes_at(data), mistakes_at(data + VECTOR_BYTES)));
}

FC_AVX2
size_t fc_utf8_skip_avx2(const uint8_t *data, size_t size)
{
    if (size < VECTOR_BYTES || !is_good_first(data)) {
        return 0;
    }
    size_t i = VECTOR_BYTES;
    while (size - i >= BLOCK_BYTES && is_good_block(data + i)) {
        i += BLOCK_BYTES;
    }
    /* What is less than a block, or the block with a mistake; the last vector overlaps. */
    while (i < size && size >= VECTOR_BYTES + LOOK_BACK_BYTES) {
        const size_t at = size - i < VECTOR_BYTES ? size - VECTOR_BYTES : i;
        if (!is_good(data + at)) {
            break;
        }
        i = at + VECTOR_BYTES;
    }
    return fc_utf8_without_begun(data, i);
}

#else

size_t fc_utf8_skip_avx2(const uint8_t *data, size_t size)
{
    return fc_utf8_skip_any(data, size);
}

#endif
