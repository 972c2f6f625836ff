/* SPDX-License-Identifier: MIT */
#include "engine/testing/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static _Atomic unsigned countdown; /* atomic for tests with a loop on a thread of its own */
static _Atomic int has_failed;
static _Atomic long live;
static _Atomic long bytes;
static _Atomic long peak;

void alloc_fail_at(unsigned n)
{
    countdown = n;
    has_failed = 0;
}

int alloc_has_failed(void)
{
    return has_failed;
}

long alloc_live(void)
{
    return live;
}

long alloc_bytes(void)
{
    return bytes;
}

long alloc_peak_bytes(void)
{
    return peak;
}

void alloc_peak_reset(void)
{
    peak = bytes;
}

/* Count a block in, or one of @p size out. */
static void *count_in(void *block)
{
    if (block) {
        live++;
        const long size = (long)malloc_usable_size(block);
        const long now = atomic_fetch_add(&bytes, size) + size;
        long before = peak;
        while (now > before && !atomic_compare_exchange_weak(&peak, &before, now)) {
        }
    }
    return block;
}

static void count_out(size_t size)
{
    live--;
    bytes -= (long)size;
}

static int fails_now(void)
{
    unsigned left = countdown;
    while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
    }
    if (left != 1) {
        return 0;
    }
    has_failed = 1;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : count_in(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : count_in(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    const size_t before = block ? malloc_usable_size(block) : 0;
    void *grown = fails_now() ? NULL : __real_realloc(block, size);
    if (grown && block) {
        count_out(before);
    }
    return count_in(grown);
}

void __wrap_free(void *block)
{
    if (block) {
        count_out(malloc_usable_size(block));
    }
    __real_free(block);
}
