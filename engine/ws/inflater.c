/* SPDX-License-Identifier: MIT */
#include "engine/ws/inflater.h"

#include <framecast/ws.h>

#include <stdlib.h>

#include "engine/ws/zlib_memory.h"

/*
 * RFC 7692 section 7.2.2: the end 00 00 ff ff that the sender left out is put back, and all is
 * inflated. A block that says it is the last one is not the end of the stream (section 7.2.3.5):
 * the machine goes on behind it with the window it has.
 *
 * Data that is no deflate data fails with 1007: RFC 7692 names no code, and RFC 6455 has it for
 * data that does not fit the type of the message.
 */

#define ROOM_MIN_BYTES 1024
#define ROOM_MAX_BYTES (1024 * 1024 * 1024) /* shown to the machine at a time */
#define RATIO_GUESS 4
#define RATIO_MAX 256 /* of what is larger than that: */
#define RATIO_FREE_BYTES (16 * 1024 * 1024)
#define BETWEEN_BLOCKS 128 /* in z_stream.data_type */

struct fc_inflater {
    z_stream stream;
};

struct fc_inflater *fc_inflater_new(void)
{
    struct fc_inflater *inflater = calloc(1, sizeof(*inflater));
    if (!inflater) {
        return NULL;
    }
    zlib_set_memory(&inflater->stream);
    if (inflateInit2(&inflater->stream, -FC_DEFLATE_WINDOW_BITS_MAX) != Z_OK) {
        free(inflater);
        return NULL;
    }
    return inflater;
}

void fc_inflater_free(struct fc_inflater **inflater)
{
    struct fc_inflater *i = *inflater;
    *inflater = NULL;
    if (i) {
        (void)inflateEnd(&i->stream);
        free(i);
    }
}

/* One message on its way through the machine. */
struct run {
    z_stream *stream;
    struct fc_ws_buffer **out;
    uint64_t bytes_max; /* with the limit by ratio */
};

/* Room for more output; false, with the code, when there must be no more. */
static bool make_room(struct run *run, uint64_t more, uint16_t *code)
{
    const uint64_t size = *run->out ? (*run->out)->size : 0;
    /* one byte over the limit, so that a message which is too long shows itself */
    const uint64_t left = run->bytes_max + 1 - size;
    if (left == 0) {
        *code = FC_WS_CODE_TOO_BIG;
        return false;
    }
    if (!fc_ws_buffer_reserve(run->out, more < left ? more : left)) {
        *code = FC_WS_CODE_INTERNAL;
        return false;
    }
    const uint64_t room = (*run->out)->capacity - size;
    const uint64_t usable = room < left ? room : left;
    run->stream->next_out = (*run->out)->data + size;
    run->stream->avail_out = (uInt)(usable < ROOM_MAX_BYTES ? usable : ROOM_MAX_BYTES);
    return true;
}

/* Let the machine go until it wants more input or output. Errors: the code to fail with. */
static uint16_t step(struct run *run)
{
    z_stream *stream = run->stream;
    const uInt room = stream->avail_out;
    const int status = inflate(stream, Z_SYNC_FLUSH);
    (*run->out)->size += room - stream->avail_out;
    if (status == Z_STREAM_END) {
        (void)inflateResetKeep(stream); /* with its window: see above */
        return 0;
    }
    if (status == Z_MEM_ERROR) {
        return FC_WS_CODE_INTERNAL;
    }
    return status == Z_OK || status == Z_BUF_ERROR ? 0 : FC_WS_CODE_INVALID_DATA;
}

static uint16_t feed(struct run *run, struct fc_bytes piece)
{
    z_stream *stream = run->stream;
    stream->next_in = (uint8_t *)(uintptr_t)piece.data;
    stream->avail_in = (uInt)piece.size;
    uint16_t code = 0;
    do {
        if (stream->avail_out == 0 && !make_room(run, ROOM_MIN_BYTES, &code)) {
            return code;
        }
        code = step(run);
        if (code) {
            return code;
        }
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return 0;
}

static uint64_t limit(uint64_t payload_bytes, uint64_t bytes_max)
{
    const uint64_t by_ratio = payload_bytes * RATIO_MAX;
    const uint64_t ratio_max = by_ratio > RATIO_FREE_BYTES ? by_ratio : RATIO_FREE_BYTES;
    return bytes_max < ratio_max ? bytes_max : ratio_max;
}

static uint16_t run_all(struct run *run, struct fc_bytes payload)
{
    static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
    uint16_t code = 0;
    if (payload.size > UINT32_MAX) {
        return FC_WS_CODE_TOO_BIG;
    }
    if (!make_room(run, payload.size * RATIO_GUESS + ROOM_MIN_BYTES, &code)) {
        return code;
    }
    code = feed(run, payload);
    code = code ? code : feed(run, (struct fc_bytes){ tail, sizeof(tail) });
    if (code) {
        return code;
    }
    if ((*run->out)->size > run->bytes_max) {
        return FC_WS_CODE_TOO_BIG;
    }
    return run->stream->data_type & BETWEEN_BLOCKS ? 0 : FC_WS_CODE_INVALID_DATA;
}

uint16_t fc_inflater_run(struct fc_inflater *inflater, struct fc_bytes payload, bool keeps,
                         uint64_t bytes_max, struct fc_ws_buffer **out)
{
    *out = NULL;
    struct run run = {
        .stream = &inflater->stream,
        .out = out,
        .bytes_max = limit(payload.size, bytes_max),
    };
    if (!keeps && inflateReset(run.stream) != Z_OK) {
        return FC_WS_CODE_INTERNAL;
    }
    const uint16_t code = run_all(&run, payload);
    if (code) {
        fc_ws_buffer_free(out);
    }
    return code;
}

const char *fc_inflater_reason(uint16_t code)
{
    switch (code) {
    case FC_WS_CODE_INVALID_DATA:
        return "compressed data is not in order";
    case FC_WS_CODE_TOO_BIG:
        return "message too big";
    default:
        return "out of memory";
    }
}
