/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_JSON_ARENA_H
#define PREDICT_JSON_ARENA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory for JSON that is read and let go of at once: one block, used again for the next text.
 *
 * Jansson allocates for every value, some thirty times for a prediction. Between begin and end what
 * it allocates on this thread comes from the block, and from malloc() when that is full; all of it
 * must be released before the end, texts of json_dumps() by Jansson's own function. Other threads,
 * and values made before, are not concerned.
 */

#define JSON_ARENA_BYTES ((size_t)64 * 1024)

/** Zero-initialised. Threads: one at a time. */
struct json_arena {
    uint8_t *block; /* owned; made when first needed */
    size_t used;
};

/** Have Jansson ask arenas. Once, before there are threads; without it arenas do nothing. */
void json_arena_install(void);

/** Without memory for the block, malloc() serves. Does not nest. */
void json_arena_begin(struct json_arena *arena);
void json_arena_end(struct json_arena *arena);

void json_arena_fini(struct json_arena *arena);

#endif
