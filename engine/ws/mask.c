/* SPDX-License-Identifier: MIT */
#include "engine/ws/mask.h"

#include <string.h>

#include "engine/ws/processor.h"

/*
 * Vectors of 16 bytes, which nearly every processor has, and of 32 for those with AVX2; chosen at
 * run time. The two are written out rather than shared: gcc takes a vector that is wider than the
 * processor's apart into single words. Loads and stores go through memcpy because payloads lie at
 * any address.
 *
 * There is no loop over what is left at the end, nor over what comes before the first whole
 * address. The last vector or word of the data, and the first, is loaded before anything is stored,
 * and stored after everything else: where it overlaps others, it holds the same bytes.
 */

#define ALIGNED_MIN_BYTES 1024

typedef uint32_t small_vector __attribute__((vector_size(16)));
typedef uint32_t large_vector __attribute__((vector_size(32)));

void fc_ws_mask_scalar(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset)
{
    for (size_t i = 0; i < size; i++) {
        data[i] ^= key[(offset + i) & 3];
    }
}

/* The word's bytes in memory, begun @p count bytes later. */
static inline uint32_t turn(uint32_t word, uint64_t count)
{
    const unsigned bits = 8 * (unsigned)(count & 3);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return word << bits | word >> (-bits & 31);
#else
    return word >> bits | word << (-bits & 31);
#endif
}

uint32_t fc_ws_mask_key(const uint8_t key[4], uint64_t offset)
{
    uint32_t word;
    memcpy(&word, key, sizeof(word));
    return turn(word, offset);
}

static inline void mask_small(uint8_t *data, small_vector key)
{
    small_vector v;
    memcpy(&v, data, sizeof(v));
    v ^= key;
    memcpy(data, &v, sizeof(v));
}

void fc_ws_mask_any(uint8_t *data, size_t size, uint32_t key)
{
    const small_vector keys = (small_vector){ 0 } + key;
    const size_t last_at = size - sizeof(small_vector);
    small_vector last;
    memcpy(&last, data + last_at, sizeof(last));
    last ^= (small_vector){ 0 } + turn(key, last_at);

    size_t i = 0;
    for (; size - i >= 4 * sizeof(small_vector); i += 4 * sizeof(small_vector)) {
        mask_small(data + i, keys);
        mask_small(data + i + sizeof(small_vector), keys);
        mask_small(data + i + 2 * sizeof(small_vector), keys);
        mask_small(data + i + 3 * sizeof(small_vector), keys);
    }
    for (; i < last_at; i += sizeof(small_vector)) {
        mask_small(data + i, keys);
    }
    memcpy(data + last_at, &last, sizeof(last));
}

FC_AVX2
static inline void mask_large(uint8_t *data, large_vector key)
{
    large_vector v;
    memcpy(&v, data, sizeof(v));
    v ^= key;
    memcpy(data, &v, sizeof(v));
}

FC_AVX2
void fc_ws_mask_avx2(uint8_t *data, size_t size, uint32_t key)
{
    const size_t last_at = size - sizeof(large_vector);
    large_vector first, last;
    memcpy(&first, data, sizeof(first));
    memcpy(&last, data + last_at, sizeof(last));
    first ^= (large_vector){ 0 } + key;
    last ^= (large_vector){ 0 } + turn(key, last_at);

    /* What lies across two lines of the cache costs twice; of little, not worth the look. */
    size_t i = size < ALIGNED_MIN_BYTES ? 0 : -(uintptr_t)data & (sizeof(large_vector) - 1);
    const large_vector keys = (large_vector){ 0 } + turn(key, i);
    for (; size - i >= 4 * sizeof(large_vector); i += 4 * sizeof(large_vector)) {
        mask_large(data + i, keys);
        mask_large(data + i + sizeof(large_vector), keys);
        mask_large(data + i + 2 * sizeof(large_vector), keys);
        mask_large(data + i + 3 * sizeof(large_vector), keys);
    }
    for (; i < last_at; i += sizeof(large_vector)) {
        mask_large(data + i, keys);
    }
    memcpy(data + last_at, &last, sizeof(last));
    memcpy(data, &first, sizeof(first));
}

/* From one word up to a vector. */
static inline void mask_words(uint8_t *data, size_t size, uint32_t key)
{
    const size_t last_at = size - sizeof(uint64_t);
    const uint32_t last_key = turn(key, last_at);
    uint64_t last;
    memcpy(&last, data + last_at, sizeof(last));
    last ^= last_key | (uint64_t)last_key << 32;

    for (size_t i = 0; i < last_at; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, data + i, sizeof(word));
        word ^= key | (uint64_t)key << 32;
        memcpy(data + i, &word, sizeof(word));
    }
    memcpy(data + last_at, &last, sizeof(last));
}

void fc_ws_mask(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset)
{
    if (size < sizeof(uint64_t)) {
        fc_ws_mask_scalar(data, size, key, offset);
        return;
    }

    const uint32_t word = fc_ws_mask_key(key, offset);
    if (size < FC_WS_MASK_VECTOR_BYTES) {
        mask_words(data, size, word);
    } else if (fc_has_avx2()) {
        fc_ws_mask_avx2(data, size, word);
    } else {
        fc_ws_mask_any(data, size, word);
    }
}
