/* SPDX-License-Identifier: MIT */
#include "engine/ws/reader.h"

#include <assert.h>
#include <string.h>

#include "engine/ws/mask.h"

void fc_ws_reader_rewind(struct fc_ws_reader *reader)
{
    assert(reader->at == reader->end);
    reader->at = 0;
    reader->end = 0;
}

void fc_ws_reader_arrived(struct fc_ws_reader *reader, size_t size)
{
    assert(reader->at == reader->end && size <= reader->space.size - reader->end);
    reader->end += (uint32_t)size;
}

bool fc_ws_reader_has_bytes(const struct fc_ws_reader *reader)
{
    return reader->at < reader->end;
}

/* A header in pieces is at most 14 bytes, so byte by byte is good enough. */
static enum fc_ws_step carried_header(struct fc_ws_reader *r)
{
    while (r->at < r->end) {
        assert(r->carry_size < sizeof(r->carry));
        r->carry[r->carry_size++] = r->space.data[r->at++];
        struct fc_ws_header header;
        const enum fc_ws_step step = fc_ws_header_decode(r->carry, r->carry_size, &header);
        if (step != FC_WS_STEP_MORE) {
            r->carry_size = 0;
            r->header = step == FC_WS_STEP_DONE ? header : (struct fc_ws_header){ 0 };
            return step;
        }
    }
    return FC_WS_STEP_MORE;
}

static enum fc_ws_step whole_header(struct fc_ws_reader *r)
{
    const uint8_t *in = r->space.data + r->at;
    const uint32_t size = r->end - r->at;
    const enum fc_ws_step step = fc_ws_header_decode(in, size, &r->header);
    if (step == FC_WS_STEP_MORE) {
        assert(size < sizeof(r->carry));
        memcpy(r->carry, in, size);
        r->carry_size = (uint8_t)size;
        r->at = r->end;
    } else if (step == FC_WS_STEP_DONE) {
        r->at += r->header.header_bytes;
    }
    return step;
}

enum fc_ws_step fc_ws_reader_header(struct fc_ws_reader *reader)
{
    assert(!reader->has_frame);
    if (reader->at == reader->end) {
        return FC_WS_STEP_MORE;
    }
    const enum fc_ws_step step =
        reader->carry_size > 0 ? carried_header(reader) : whole_header(reader);
    if (step == FC_WS_STEP_DONE) {
        reader->has_frame = true;
        reader->received = 0;
    }
    return step;
}

uint64_t fc_ws_reader_missing(const struct fc_ws_reader *reader)
{
    return reader->has_frame ? reader->header.payload_bytes - reader->received : 0;
}

void fc_ws_reader_direct(struct fc_ws_reader *reader, struct fc_space payload)
{
    assert(payload.size <= fc_ws_reader_missing(reader));
    if (reader->header.masked) {
        fc_ws_mask(payload.data, payload.size, reader->header.mask, reader->received);
    }
    reader->received += payload.size;
}

struct fc_bytes fc_ws_reader_payload(struct fc_ws_reader *reader)
{
    const uint64_t missing = fc_ws_reader_missing(reader);
    const uint32_t here = reader->end - reader->at;
    const struct fc_space piece = {
        .data = reader->space.data + reader->at,
        .size = missing < here ? (size_t)missing : here,
    };
    reader->at += (uint32_t)piece.size;
    fc_ws_reader_direct(reader, piece);
    return (struct fc_bytes){ piece.data, piece.size };
}

struct fc_bytes fc_ws_reader_payload_so_far(const struct fc_ws_reader *reader)
{
    assert(reader->received <= reader->at);
    const size_t size = (size_t)reader->received;
    return (struct fc_bytes){ reader->space.data + reader->at - size, size };
}

void fc_ws_reader_end_frame(struct fc_ws_reader *reader)
{
    assert(reader->has_frame && fc_ws_reader_missing(reader) == 0);
    reader->has_frame = false;
}

void fc_ws_reader_discard(struct fc_ws_reader *reader)
{
    reader->at = reader->end;
}
