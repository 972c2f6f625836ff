/* SPDX-License-Identifier: MIT */
#include "predict/json_arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include <jansson.h>

#define ALIGNMENT _Alignof(max_align_t)

static _Thread_local struct json_arena *current; /* between begin and end */

static bool is_within(const struct json_arena *arena, const void *memory)
{
    const uintptr_t at = (uintptr_t)memory;
    const uintptr_t begin = (uintptr_t)arena->block;
    return arena->block && at >= begin && at < begin + JSON_ARENA_BYTES;
}

static void *take(size_t size)
{
    struct json_arena *arena = current;
    if (!arena || !arena->block || size > JSON_ARENA_BYTES - arena->used) {
        return malloc(size);
    }
    void *memory = arena->block + arena->used;
    const size_t room = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    const size_t left = JSON_ARENA_BYTES - arena->used;
    arena->used += room < left ? room : left;
    return memory;
}

static void give_back(void *memory)
{
    if (!current || !is_within(current, memory)) {
        free(memory);
    }
}

void json_arena_install(void)
{
    json_set_alloc_funcs(take, give_back);
}

void json_arena_begin(struct json_arena *arena)
{
    assert(!current);
    if (!arena->block) {
        arena->block = malloc(JSON_ARENA_BYTES);
    }
    arena->used = 0;
    current = arena;
}

void json_arena_end(struct json_arena *arena)
{
    assert(current == arena);
    (void)arena;
    current = NULL;
}

void json_arena_fini(struct json_arena *arena)
{
    assert(current != arena);
    free(arena->block);
    *arena = (struct json_arena){ 0 };
}
