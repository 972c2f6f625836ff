/* SPDX-License-Identifier: MIT */
#include "hub/testing/alloc.h"

#include <stdbool.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);

_Atomic unsigned alloc_count;
_Atomic int alloc_fail_after = -1;

static bool is_allowed(void)
{
    alloc_count++;
    return alloc_fail_after < 0 || alloc_fail_after-- > 0;
}

void *__wrap_malloc(size_t size)
{
    return is_allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_allowed() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return is_allowed() ? __real_realloc(memory, size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return is_allowed() ? __real_aligned_alloc(alignment, size) : NULL;
}
