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

#endif
