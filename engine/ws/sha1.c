/* SPDX-License-Identifier: MIT */
#include "engine/ws/sha1.h"

#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8, ROUNDS = 80 };

static uint32_t rotate(uint32_t x, int bits)
{
    return x << bits | x >> (32 - bits);
}

static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20) {
        return ((b & c) | (~b & d)) + UINT32_C(0x5a827999);
    }
    if (round < 40) {
        return (b ^ c ^ d) + UINT32_C(0x6ed9eba1);
    }
    if (round < 60) {
        return ((b & c) | (b & d) | (c & d)) + UINT32_C(0x8f1bbcdc);
    }
    return (b ^ c ^ d) + UINT32_C(0xca62c1d6);
}

static void add_block(uint32_t h[5], const uint8_t block[BLOCK_BYTES])
{
    uint32_t w[ROUNDS];
    for (int t = 0; t < 16; t++) {
        const uint8_t *in = block + t * 4;
        w[t] = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
    }
    for (int t = 16; t < ROUNDS; t++) {
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    }

    uint32_t a = h[0];
    uint32_t b = h[1];
    uint32_t c = h[2];
    uint32_t d = h[3];
    uint32_t e = h[4];
    for (int t = 0; t < ROUNDS; t++) {
        const uint32_t sum = rotate(a, 5) + mix(t, b, c, d) + e + w[t];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = sum;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

/* The rest of the message, a one bit, zeros, and the length in bits: one block or two. */
static void add_end(uint32_t h[5], struct fc_bytes rest, uint64_t message_bytes)
{
    uint8_t tail[2 * BLOCK_BYTES] = { 0 };
    if (rest.size > 0) {
        memcpy(tail, rest.data, rest.size);
    }
    tail[rest.size] = 0x80;
    const size_t size = rest.size + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        tail[size - 1 - i] = (uint8_t)(message_bytes * 8 >> (8 * i));
    }
    for (size_t at = 0; at < size; at += BLOCK_BYTES) {
        add_block(h, tail + at);
    }
}

void fc_sha1(struct fc_bytes message, uint8_t out[FC_SHA1_BYTES])
{
    uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
    size_t at = 0;
    for (; message.size - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
        add_block(h, message.data + at);
    }
    const struct fc_bytes rest = { message.size > at ? message.data + at : NULL,
                                   message.size - at };
    add_end(h, rest, message.size);
    for (int i = 0; i < FC_SHA1_BYTES; i++) {
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
}
