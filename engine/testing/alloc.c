/* SPDX-License-Identifier: MIT */
#include "engine/testing/alloc.h"

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
    void *block = fails_now() ? NULL : __real_malloc(size);
    live += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = fails_now() ? NULL : __real_calloc(count, size);
    live += block != NULL;
    return block;
}

void *__wrap_realloc(void *block, size_t size)
{
    void *grown = fails_now() ? NULL : __real_realloc(block, size);
    live += grown != NULL && !block;
    return grown;
}

void __wrap_free(void *block)
{
    live -= block != NULL;
    __real_free(block);
}
