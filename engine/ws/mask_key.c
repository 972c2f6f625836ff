/* SPDX-License-Identifier: MIT */
#include "engine/ws/mask_key.h"

#include <string.h>

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

uint64_t fc_siphash(const uint64_t secret[2], uint64_t bytes)
{
    const uint64_t last = UINT64_C(8) << 56; /* the length, and no bytes beyond whole words */
    uint64_t v[4] = {
        secret[0] ^ UINT64_C(0x736f6d6570736575),
        secret[1] ^ UINT64_C(0x646f72616e646f6d),
        secret[0] ^ UINT64_C(0x6c7967656e657261),
        secret[1] ^ UINT64_C(0x7465646279746573),
    };
    const uint64_t words[2] = { bytes, last };
    for (int i = 0; i < 2; i++) {
        v[3] ^= words[i];
        rounds(v, 2);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void fc_mask_keys_init(struct fc_mask_keys *keys, const uint8_t secret[FC_WS_SECRET_BYTES])
{
    *keys = (struct fc_mask_keys){ .count = 0 };
    memcpy(keys->secret, secret, sizeof(keys->secret));
}

void fc_mask_keys_next(struct fc_mask_keys *keys, uint8_t key[4])
{
    const uint64_t hash = fc_siphash(keys->secret, keys->count++);
    memcpy(key, &hash, 4);
}
