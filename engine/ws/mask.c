/* SPDX-License-Identifier: MIT */
#include "engine/ws/mask.h"

#include <string.h>

/*
 * 32 bytes at a time, as one vector where the processor has one of that size and as two or more
 * where it does not. Loads and stores go through memcpy because payloads lie at any address. The
 * twin for newer processors is chosen when the program is loaded, which the sanitizers' start-up
 * does not survive.
 */

#if defined(__has_attribute) && defined(__x86_64__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef FOR_EACH_PROCESSOR
#define FOR_EACH_PROCESSOR
#endif

enum { VECTOR_BYTES = 32, SMALL_BYTES = 16 };

typedef uint8_t vector __attribute__((vector_size(VECTOR_BYTES)));

void fc_ws_mask_scalar(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset)
{
    for (size_t i = 0; i < size; i++) {
        data[i] ^= key[(offset + i) & 3];
    }
}

FOR_EACH_PROCESSOR
static size_t mask_vectors(uint8_t *data, size_t size, uint64_t word_key)
{
    const uint64_t words[VECTOR_BYTES / sizeof(word_key)] = { word_key, word_key, word_key,
                                                              word_key };
    vector key;
    memcpy(&key, words, sizeof(key));
    size_t i = 0;
    for (; size - i >= 2 * VECTOR_BYTES; i += 2 * VECTOR_BYTES) {
        vector a;
        vector b;
        memcpy(&a, data + i, sizeof(a));
        memcpy(&b, data + i + VECTOR_BYTES, sizeof(b));
        a ^= key;
        b ^= key;
        memcpy(data + i, &a, sizeof(a));
        memcpy(data + i + VECTOR_BYTES, &b, sizeof(b));
    }
    return i;
}

void fc_ws_mask(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset)
{
    if (size < SMALL_BYTES) {
        fc_ws_mask_scalar(data, size, key, offset);
        return;
    }

    uint8_t turned[8]; /* the key twice, from where the payload is */
    for (size_t i = 0; i < sizeof(turned); i++) {
        turned[i] = key[(offset + i) & 3];
    }
    uint64_t word_key;
    memcpy(&word_key, turned, sizeof(word_key));
    size_t i = size >= 2 * VECTOR_BYTES ? mask_vectors(data, size, word_key) : 0;
    for (; size - i >= sizeof(word_key); i += sizeof(word_key)) {
        uint64_t word;
        memcpy(&word, data + i, sizeof(word));
        word ^= word_key;
        memcpy(data + i, &word, sizeof(word));
    }
    fc_ws_mask_scalar(data + i, size - i, key, offset + i);
}
