/* SPDX-License-Identifier: MIT */
#include <framecast/deflate.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ws/zlib_memory.h"

/*
 * RFC 7692 section 7.2.1: deflate with a flush, whose end 00 00 ff ff is left out. The machine is
 * set back for each message, so that none refers to another.
 */

#define LEVEL_DEFAULT 6
#define MEMORY_LEVEL 8
#define TAIL_BYTES 4
#define KEPT_BYTES (256 * 1024) /* of output; what a larger message needed is given back */

struct fc_deflater {
    z_stream stream;
    uint8_t *out; /* owned */
    size_t capacity;
};

struct fc_deflater *fc_deflater_new(const struct fc_deflater_options *options)
{
    static const struct fc_deflater_options defaults;
    options = options ? options : &defaults;
    const int bits = options->window_bits ? options->window_bits : FC_DEFLATE_WINDOW_BITS_MAX;
    const int level = options->level ? options->level : LEVEL_DEFAULT;
    assert(bits > FC_DEFLATE_WINDOW_BITS_MIN && bits <= FC_DEFLATE_WINDOW_BITS_MAX);
    struct fc_deflater *deflater = calloc(1, sizeof(*deflater));
    if (!deflater) {
        return NULL;
    }
    zlib_set_memory(&deflater->stream);
    /* negative: without the header and checksum of zlib's own format */
    if (deflateInit2(&deflater->stream, level, Z_DEFLATED, -bits, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(deflater);
        return NULL;
    }
    return deflater;
}

void fc_deflater_free(struct fc_deflater **deflater)
{
    struct fc_deflater *d = *deflater;
    *deflater = NULL;
    if (d) {
        (void)deflateEnd(&d->stream);
        free(d->out);
        free(d);
    }
}

static bool reserve(struct fc_deflater *deflater, size_t size)
{
    if (deflater->capacity >= size && (size > KEPT_BYTES || deflater->capacity <= KEPT_BYTES)) {
        return true;
    }
    free(deflater->out);
    deflater->capacity = size > KEPT_BYTES ? size : KEPT_BYTES;
    deflater->out = malloc(deflater->capacity);
    deflater->capacity = deflater->out ? deflater->capacity : 0;
    return deflater->out != NULL;
}

bool fc_deflater_run(struct fc_deflater *deflater, struct fc_bytes payload, struct fc_bytes *out)
{
    z_stream *stream = &deflater->stream;
    /* room for no more than the payload has: what does not fit there is not worth sending */
    const size_t room = payload.size + TAIL_BYTES;
    if (payload.size == 0 || payload.size > UINT32_MAX / 2 || !reserve(deflater, room) ||
        deflateReset(stream) != Z_OK) {
        return false;
    }
    stream->next_in = (uint8_t *)(uintptr_t)payload.data;
    stream->avail_in = (uInt)payload.size;
    stream->next_out = deflater->out;
    stream->avail_out = (uInt)room;
    if (deflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_out == 0) {
        return false;
    }
    const size_t size = room - stream->avail_out;
    assert(size > TAIL_BYTES &&
           memcmp(deflater->out + size - TAIL_BYTES, "\x00\x00\xff\xff", TAIL_BYTES) == 0);
    *out = (struct fc_bytes){ deflater->out, size - TAIL_BYTES };
    return out->size < payload.size;
}
