/* SPDX-License-Identifier: MIT */

/*
 * Properties of permessage-deflate's two machines (RFC 7692 section 7.2):
 *   - whatever is inflated, what comes out is within the limit, and memory within twice the limit;
 *   - an inflater that has seen anything, and keeps nothing, does what a new one does;
 *   - what the deflater makes of a payload is smaller, and inflates to it, message by message;
 *   - what zlib itself makes, with references to earlier messages, in any window, flushed in any
 *     way, inflates to what went in;
 *   - when memory fails, nothing comes out and nothing is kept.
 *
 * Input: a byte that says which, one for a limit, one for the allocation that fails; then messages,
 * each behind two bytes with its size.
 */

#include <zlib.h>

#include <framecast/ws.h>

#include "engine/testing/alloc.h"
#include "engine/ws/inflater.h"
#include "fuzz/fuzz.h"

enum {
    MESSAGES_MAX = 4,
    PACKED_MAX = 80 * 1024,
    FREE_RATIO_BYTES = 16 * 1024 * 1024,
    RATIO_MAX = 256
};

static struct fc_bytes contents(const struct fc_ws_buffer *buffer)
{
    return buffer ? (struct fc_bytes){ buffer->data, buffer->size } : (struct fc_bytes){ 0 };
}

static struct fc_bytes take_message(struct fc_bytes *input)
{
    const uint16_t size = fuzz_take16(input);
    return fuzz_take_bytes(input, size);
}

static uint16_t run(struct fc_inflater *inflater, struct fc_bytes payload, bool keeps,
                    uint64_t bytes_max, struct fc_ws_buffer **out)
{
    const uint16_t code = fc_inflater_run(inflater, payload, keeps, bytes_max, out);
    const uint64_t by_ratio = (uint64_t)payload.size * RATIO_MAX;
    FUZZ_CHECK(code == 0 || !*out);
    FUZZ_CHECK(fc_inflater_reason(code)[0] != '\0');
    if (*out) {
        FUZZ_CHECK((*out)->size <= bytes_max && (*out)->capacity <= 2 * (bytes_max + 1));
        FUZZ_CHECK((*out)->size <= FREE_RATIO_BYTES || (*out)->size <= by_ratio);
    }
    return code;
}

/* Bytes of any kind, in an inflater that goes on and in one that starts anew. */
static void inflate_anything(struct fc_bytes input, uint64_t bytes_max, unsigned fail_at)
{
    struct fc_inflater *keeping = fc_inflater_new();
    struct fc_inflater *used = fc_inflater_new();
    FUZZ_CHECK(keeping && used);
    for (int i = 0; i < MESSAGES_MAX && input.size > 0; i++) {
        const struct fc_bytes message = take_message(&input);
        uint8_t *copy = fuzz_exact(message);
        const struct fc_bytes exact = { copy, message.size };
        struct fc_inflater *fresh = fc_inflater_new();
        FUZZ_CHECK(fresh);
        struct fc_ws_buffer *a = NULL;
        struct fc_ws_buffer *b = NULL;
        const uint16_t code_a = run(used, exact, false, bytes_max, &a);
        const uint16_t code_b = run(fresh, exact, false, bytes_max, &b);
        FUZZ_CHECK(code_a == code_b && fuzz_equal(contents(a), contents(b)));
        FUZZ_CHECK(code_a == 0 || code_a == FC_WS_CODE_INVALID_DATA ||
                   code_a == FC_WS_CODE_TOO_BIG);
        fc_ws_buffer_free(&b);

        alloc_fail_at(fail_at);
        const uint16_t code = run(keeping, exact, true, bytes_max, &b);
        FUZZ_CHECK(!alloc_has_failed() || code == FC_WS_CODE_INTERNAL);
        FUZZ_CHECK(i > 0 || alloc_has_failed() || code == code_a);
        alloc_fail_at(0);
        fc_ws_buffer_free(&a);
        fc_ws_buffer_free(&b);
        fc_inflater_free(&fresh);
        free(copy);
    }
    fc_inflater_free(&keeping);
    fc_inflater_free(&used);
}

static void check_inflates(struct fc_inflater *inflater, struct fc_bytes packed, bool keeps,
                           struct fc_bytes expected)
{
    struct fc_ws_buffer *out = NULL;
    const uint16_t code = run(inflater, packed, keeps, expected.size, &out);
    FUZZ_CHECK(code == 0 && fuzz_equal(contents(out), expected));
    fc_ws_buffer_free(&out);
    if (!keeps && expected.size > 0) { /* one byte less is too little */
        FUZZ_CHECK(run(inflater, packed, keeps, expected.size - 1, &out) == FC_WS_CODE_TOO_BIG);
    }
}

static void deflate_and_inflate(struct fc_bytes input, uint8_t choice)
{
    struct fc_deflater *deflater = fc_deflater_new(&(struct fc_deflater_options){
        .level = choice % 10,
        .window_bits = 9 + choice / 10 % 7,
    });
    struct fc_inflater *inflater = fc_inflater_new();
    FUZZ_CHECK(deflater && inflater);
    for (int i = 0; i < MESSAGES_MAX && input.size > 0; i++) {
        const struct fc_bytes message = take_message(&input);
        struct fc_bytes packed = { 0 };
        if (fc_deflater_run(deflater, message, &packed)) {
            FUZZ_CHECK(packed.size < message.size);
            check_inflates(inflater, packed, false, message);
        }
    }
    fc_deflater_free(&deflater);
    fc_inflater_free(&inflater);
}

/* One message as any sender may compress it: ends as RFC 7692 section 7.2.1, or as 7.2.3.4. */
static struct fc_bytes pack(z_stream *stream, struct fc_bytes message, int flush)
{
    static uint8_t room[PACKED_MAX];
    stream->next_in = (uint8_t *)(uintptr_t)message.data;
    stream->avail_in = (uInt)message.size;
    stream->next_out = room;
    stream->avail_out = sizeof(room);
    const int status = deflate(stream, flush);
    FUZZ_CHECK(status == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) || status == Z_BUF_ERROR);
    const size_t size = sizeof(room) - stream->avail_out;
    if (flush == Z_FINISH) {
        (void)deflateReset(stream);
        room[size] = 0x00;
        return (struct fc_bytes){ room, size + 1 };
    }
    static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
    FUZZ_CHECK(size >= 4 && memcmp(room + size - 4, tail, sizeof(tail)) == 0);
    return (struct fc_bytes){ room, size - 4 };
}

static void inflate_with_references(struct fc_bytes input, uint8_t choice)
{
    static const int flushes[] = { Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH };
    z_stream stream = { 0 };
    const int bits = 9 + choice / 10 % 7;
    FUZZ_CHECK(deflateInit2(&stream, choice % 10, Z_DEFLATED, -bits, 1 + choice % 9, choice % 5) ==
               Z_OK);
    struct fc_inflater *inflater = fc_inflater_new();
    FUZZ_CHECK(inflater);
    for (int i = 0; i < MESSAGES_MAX && input.size > 0; i++) {
        const int flush = flushes[fuzz_take(&input) % 3];
        const struct fc_bytes message = take_message(&input);
        if (message.size > 0) { /* deflate() has nothing to flush twice */
            check_inflates(inflater, pack(&stream, message, flush), true, message);
        }
    }
    fc_inflater_free(&inflater);
    (void)deflateEnd(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t limits[] = { 1, 2, 100, 1000, 1025, 70000, 2000000, 20000000 };
    struct fc_bytes input = { data, size };
    const uint8_t which = fuzz_take(&input);
    const uint8_t choice = fuzz_take(&input);
    const uint8_t fail_at = fuzz_take(&input);
    const long live = alloc_live();
    switch (which % 3) {
    case 0:
        inflate_anything(input, limits[choice & 7], fail_at);
        break;
    case 1:
        deflate_and_inflate(input, choice);
        break;
    default:
        inflate_with_references(input, choice);
    }
    FUZZ_CHECK(alloc_live() == live);
    return 0;
}
