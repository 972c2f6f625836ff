/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_ZLIB_MEMORY_H
#define ENGINE_WS_ZLIB_MEMORY_H

#include <stdlib.h>
#include <zlib.h>

/* zlib's memory, taken here rather than inside of it, so that tests see it, count it and refuse
 * it. Threads: any. */

static inline void *zlib_take(void *ctx, unsigned count, unsigned size)
{
    (void)ctx;
    return malloc((size_t)count * size);
}

static inline void zlib_give(void *ctx, void *memory)
{
    (void)ctx;
    free(memory);
}

/** Before deflateInit2() or inflateInit2(). */
static inline void zlib_set_memory(z_stream *stream)
{
    stream->zalloc = zlib_take;
    stream->zfree = zlib_give;
}

#endif
