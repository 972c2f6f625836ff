/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TESTING_TEST_H
#define ENGINE_TESTING_TEST_H

/* What every unit test of the engine includes after the header it tests. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <framecast/bytes.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** The bytes of a string literal, zeros inside included. */
#define BYTES(literal) ((struct fc_bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })

/** A copy in a block of exactly its size, which lets ASan see an over-read; free() it. */
static inline uint8_t *exact_copy(const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

static inline bool bytes_equal(struct fc_bytes a, struct fc_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
