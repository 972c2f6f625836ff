/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_UTF8_SKIP_H
#define ENGINE_WS_UTF8_SKIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ws/utf8.h"

/*
 * The fast part of fc_utf8_check(), once for each kind of processor; for utf8.c and for tests.
 *
 * A skip function says how many bytes at the front of the data, which begins between two
 * characters, are whole and valid characters. It may be few bytes too modest: it decides over
 * blocks, and leaves those with something wrong, and what is incomplete at the end, to the check
 * byte by byte.
 */
typedef size_t fc_utf8_skip(const uint8_t *data, size_t size);

/** For any processor. Threads: any. */
size_t fc_utf8_skip_any(const uint8_t *data, size_t size);

/** For one that fc_has_avx2(). Threads: any. */
size_t fc_utf8_skip_avx2(const uint8_t *data, size_t size);

/** fc_utf8_check() by a skip function of the caller's choice. Threads: any. */
bool fc_utf8_check_by(fc_utf8_skip *skip, struct fc_utf8 *utf8, struct fc_bytes piece);

/*
 * The same @p size, or less by the character that has begun before it and is not whole; all that
 * is complete is valid.
 */
static inline size_t fc_utf8_without_begun(const uint8_t *data, size_t size)
{
    static const uint8_t smallest_lead[] = { 0xc0, 0xe0, 0xf0 }; /* of 2, 3 and 4 bytes */
    for (size_t back = 1; back <= sizeof(smallest_lead) && back <= size; back++) {
        if (data[size - back] >= smallest_lead[back - 1]) {
            return size - back;
        }
    }
    return size;
}

#endif
