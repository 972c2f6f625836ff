/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_MASK_H
#define ENGINE_WS_MASK_H

#include <stddef.h>
#include <stdint.h>

/**
 * Mask or unmask in place (it is the same operation).
 *
 * @param offset  of data[0] in the frame's payload, so that a payload may come in pieces
 *
 * Threads:   any.
 * Spec:      RFC 6455 section 5.3.
 */
void fc_ws_mask(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset);

/** The same, byte by byte: what fc_ws_mask() is tested against. Threads: any. */
void fc_ws_mask_scalar(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset);

/*
 * What fc_ws_mask() chooses from, for tests: the same for any processor, and for one that
 * fc_has_avx2(). At least FC_WS_MASK_VECTOR_BYTES of data; the key is one word, turned so that its
 * first byte in memory masks data[0].
 */
enum { FC_WS_MASK_VECTOR_BYTES = 32 };
void fc_ws_mask_any(uint8_t *data, size_t size, uint32_t key);
void fc_ws_mask_avx2(uint8_t *data, size_t size, uint32_t key);

/** The key as one word, turned so that it begins with the byte for @p offset. Threads: any. */
uint32_t fc_ws_mask_key(const uint8_t key[4], uint64_t offset);

#endif
