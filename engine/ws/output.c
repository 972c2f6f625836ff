/* SPDX-License-Identifier: MIT */
#include "engine/ws/output.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ws/mask.h"

/*
 *     data:  [ taken ........ | waiting frames ........ | room ........ ]
 *            0                taken                     size            capacity
 */

enum { CAPACITY_MIN_BYTES = 256 };

#define NO_PONG SIZE_MAX

struct fc_ws_output {
    size_t taken;
    size_t size;
    size_t capacity;
    size_t pong_at; /* where the last pong begins, or NO_PONG */
    uint8_t data[];
};

static size_t waiting(const struct fc_ws_output *o)
{
    return o->size - o->taken;
}

/* Copies only what waits into @p to, which may be the same output. */
static void move_waiting(struct fc_ws_output *to, const struct fc_ws_output *from)
{
    const size_t taken = from->taken;
    const size_t size = waiting(from);
    const size_t pong_at = from->pong_at;
    memmove(to->data, from->data + taken, size);
    to->size = size;
    to->taken = 0;
    to->pong_at = pong_at != NO_PONG && pong_at >= taken ? pong_at - taken : NO_PONG;
}

/* Make room for @p more bytes; moving costs no more than was sent since the last move. */
static bool reserve(struct fc_ws_output **output, size_t more)
{
    struct fc_ws_output *o = *output;
    if (o && o->capacity - o->size >= more) {
        return true;
    }
    const size_t need = (o ? waiting(o) : 0) + more;
    if (o && o->taken >= waiting(o) && o->capacity >= need) {
        move_waiting(o, o);
        return true;
    }

    const size_t capacity = o ? need * 2 : need > CAPACITY_MIN_BYTES ? need : CAPACITY_MIN_BYTES;
    struct fc_ws_output *grown = malloc(sizeof(*grown) + capacity);
    if (!grown) {
        return false;
    }
    *grown = (struct fc_ws_output){ .capacity = capacity, .pong_at = NO_PONG };
    if (o) {
        move_waiting(grown, o);
        free(o);
    }
    *output = grown;
    return true;
}

static void remove_unsent_pong(struct fc_ws_output *o)
{
    if (!o || o->pong_at == NO_PONG || o->pong_at < o->taken) {
        return;
    }
    struct fc_ws_header header = { 0 };
    uint8_t *pong = o->data + o->pong_at;
    const enum fc_ws_step step = fc_ws_header_decode(pong, o->size - o->pong_at, &header);
    assert(step == FC_WS_STEP_DONE && header.opcode == FC_WS_OPCODE_PONG);
    (void)step;
    const size_t size = header.header_bytes + (size_t)header.payload_bytes;
    memmove(pong, pong + size, o->size - o->pong_at - size);
    o->size -= size;
    o->pong_at = NO_PONG;
}

bool fc_ws_output_add(struct fc_ws_output **output, const struct fc_ws_header *header,
                      struct fc_bytes payload)
{
    assert(header->payload_bytes == payload.size);
    if (header->opcode == FC_WS_OPCODE_PONG) {
        remove_unsent_pong(*output);
    }
    if (!reserve(output, FC_WS_HEADER_MAX_BYTES + payload.size)) {
        return false;
    }

    struct fc_ws_output *o = *output;
    if (header->opcode == FC_WS_OPCODE_PONG) {
        o->pong_at = o->size;
    }
    o->size += fc_ws_header_encode(header, o->data + o->size);
    if (payload.size > 0) {
        memcpy(o->data + o->size, payload.data, payload.size);
    }
    if (header->masked) {
        fc_ws_mask(o->data + o->size, payload.size, header->mask, 0);
    }
    o->size += payload.size;
    assert(o->size <= o->capacity);
    return true;
}

struct fc_bytes fc_ws_output_get(const struct fc_ws_output *output)
{
    if (!output) {
        return (struct fc_bytes){ 0 };
    }
    return (struct fc_bytes){ output->data + output->taken, waiting(output) };
}

void fc_ws_output_take(struct fc_ws_output **output, size_t size)
{
    struct fc_ws_output *o = *output;
    assert(o && size <= waiting(o));
    o->taken += size;
    if (o->taken == o->size) {
        fc_ws_output_free(output);
    }
}

void fc_ws_output_free(struct fc_ws_output **output)
{
    free(*output);
    *output = NULL;
}
