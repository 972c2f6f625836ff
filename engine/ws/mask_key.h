/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_MASK_KEY_H
#define ENGINE_WS_MASK_KEY_H

#include <stdint.h>

#define FC_WS_SECRET_BYTES 16

/**
 * A client's masking keys: the first four bytes of SipHash-2-4 of a count, under a secret that was
 * drawn at random. Who sees any number of them cannot tell the next. Threads: one at a time.
 */
struct fc_mask_keys {
    uint64_t secret[2];
    uint64_t count;
};

void fc_mask_keys_init(struct fc_mask_keys *keys, const uint8_t secret[FC_WS_SECRET_BYTES]);

/** Write the next key. Spec: RFC 6455 sections 5.3 and 10.3. */
void fc_mask_keys_next(struct fc_mask_keys *keys, uint8_t key[4]);

/** SipHash-2-4 of eight bytes, little endian. Spec: Aumasson and Bernstein, SipHash, 2012. */
uint64_t fc_siphash(const uint64_t secret[2], uint64_t bytes);

#endif
