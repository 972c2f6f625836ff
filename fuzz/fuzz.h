/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/bytes.h>

/*
 * What every target shares. A target takes its choices from the front of the input, byte by byte,
 * and does its work on the rest. It keeps nothing from one input to the next.
 */

/** A target: libFuzzer calls it, and replay.c does. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Says what does not hold, and ends: unlike assert() in every build. */
#define FUZZ_CHECK(condition) \
    ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, __func__, #condition))

static inline void fuzz_fail(const char *file, int line, const char *function,
                             const char *condition)
{
    fprintf(stderr, "%s:%d: %s: does not hold: %s\n", file, line, function, condition);
    abort();
}

/** The next byte of the input; 0 behind its end, so that a short input makes choices too. */
static inline uint8_t fuzz_take(struct fc_bytes *input)
{
    if (input->size == 0) {
        return 0;
    }
    input->size--;
    return *input->data++;
}

static inline uint16_t fuzz_take16(struct fc_bytes *input)
{
    const uint8_t high = fuzz_take(input);
    return (uint16_t)(high << 8 | fuzz_take(input));
}

/** The next bytes of the input: @p size, or all there are. */
static inline struct fc_bytes fuzz_take_bytes(struct fc_bytes *input, size_t size)
{
    const struct fc_bytes front = { input->data, size < input->size ? size : input->size };
    input->data += front.size;
    input->size -= front.size;
    return front;
}

/** A copy in a block of exactly its size, which lets ASan see an over-read; free() it. */
static inline uint8_t *fuzz_exact(struct fc_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
    FUZZ_CHECK(copy);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

static inline bool fuzz_equal(struct fc_bytes a, struct fc_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Where an input is cut. */

#define FUZZ_WHOLE 0
#define FUZZ_ONE_BY_ONE 1

/** FUZZ_WHOLE, FUZZ_ONE_BY_ONE, or any other number: pieces of many sizes, by that seed. */
struct fuzz_cuts {
    uint32_t state;
};

/** The size of the next piece, from 1 to @p left. */
static inline size_t fuzz_cut(struct fuzz_cuts *cuts, size_t left)
{
    if (cuts->state <= FUZZ_ONE_BY_ONE) {
        return cuts->state == FUZZ_WHOLE || left == 0 ? left : 1;
    }
    cuts->state = cuts->state * UINT32_C(1664525) + UINT32_C(1013904223);
    cuts->state += cuts->state <= FUZZ_ONE_BY_ONE ? 2 : 0;
    const unsigned scale = cuts->state >> 28; /* small pieces as often as large ones */
    const size_t size = 1 + (cuts->state >> 8 & ((UINT32_C(1) << scale) - 1));
    return size < left ? size : left;
}

#endif
