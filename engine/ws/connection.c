/* SPDX-License-Identifier: MIT */
#include "engine/ws/connection.h"

#include <assert.h>
#include <string.h>

void fc_ws_enter(struct fc_ws *ws, enum fc_ws_signal signal)
{
    ws->closing = (uint8_t)fc_ws_closing_next(ws->closing, signal);
    ws->holds_input = ws->holds_input && ws->closing == FC_WS_CLOSING_OPEN; /* or nobody wants it */
}

void fc_ws_end(struct fc_ws *ws, enum fc_ws_signal signal, uint16_t code, const char *reason)
{
    const bool was_final = fc_ws_closing_is_final(ws->closing);
    fc_ws_enter(ws, signal);
    assert(fc_ws_closing_is_final(ws->closing));
    if (!was_final) {
        ws->is_close_pending = true;
        ws->close_code = code;
        ws->close_reason = reason;
    }
    if (ws->closing == FC_WS_CLOSING_LOST) {
        fc_ws_output_free(&ws->output);
    }
}

void fc_ws_next_mask(struct fc_ws *ws, uint8_t mask[4])
{
    assert(ws->is_client);
    fc_mask_keys_next(&ws->mask_keys[0], mask);
}

bool fc_ws_queue_frame(struct fc_ws *ws, struct fc_ws_header header, struct fc_bytes payload)
{
    header.payload_bytes = payload.size;
    header.masked = ws->is_client;
    if (header.masked) {
        fc_ws_next_mask(ws, header.mask);
    }
    return fc_ws_output_add(&ws->output, &header, payload);
}

bool fc_ws_queue(struct fc_ws *ws, uint8_t opcode, struct fc_bytes payload)
{
    const struct fc_ws_header header = { .opcode = opcode, .fin = true };
    return fc_ws_queue_frame(ws, header, payload);
}

bool fc_ws_queue_close(struct fc_ws *ws, uint16_t code, struct fc_bytes reason)
{
    uint8_t payload[FC_WS_CONTROL_MAX_BYTES];
    const size_t size = fc_ws_close_encode(code, reason, payload);
    return fc_ws_queue(ws, FC_WS_OPCODE_CLOSE, (struct fc_bytes){ payload, size });
}

struct fc_bytes fc_bytes_of_string(const char *string)
{
    return (struct fc_bytes){ (const uint8_t *)string, string ? strlen(string) : 0 };
}

void fc_ws_fail(struct fc_ws *ws, uint16_t code, const char *reason)
{
    if (ws->closing == FC_WS_CLOSING_OPEN) {
        (void)fc_ws_queue_close(ws, code, fc_bytes_of_string(reason));
    }
    fc_ws_end(ws, FC_WS_SIGNAL_FAIL, code, reason);
}
