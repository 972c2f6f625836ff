/* SPDX-License-Identifier: MIT */
#ifndef HUB_TESTING_ALLOC_H
#define HUB_TESTING_ALLOC_H

#include <stddef.h>

/* Link with --wrap of malloc, calloc, realloc and aligned_alloc: our own code's are then counted.
 */

extern _Atomic unsigned alloc_count;
extern _Atomic int alloc_fail_after; /* so many succeed, then one fails; below 0: none does */

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

#endif
