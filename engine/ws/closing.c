/* SPDX-License-Identifier: MIT */
#include "engine/ws/closing.h"

#include <assert.h>
#include <string.h>

#include "engine/ws/utf8.h"

enum { CODE_BYTES = 2, REASON_MAX_BYTES = FC_WS_CONTROL_MAX_BYTES - CODE_BYTES };

enum fc_ws_closing fc_ws_closing_next(enum fc_ws_closing state, enum fc_ws_signal signal)
{
    enum {
        OPEN = FC_WS_CLOSING_OPEN,
        SENT = FC_WS_CLOSING_SENT,
        RCVD = FC_WS_CLOSING_RCVD,
        DONE = FC_WS_CLOSING_DONE,
        FAILED = FC_WS_CLOSING_FAILED,
        LOST = FC_WS_CLOSING_LOST,
    };
    /* clang-format off */
    static const uint8_t next[FC_WS_CLOSING_COUNT][FC_WS_SIGNAL_COUNT] = {
        /*           send    receive fail    eof   deadline */
        [OPEN]   = { SENT,   RCVD,   FAILED, LOST, FAILED },
        [SENT]   = { SENT,   DONE,   FAILED, LOST, LOST },
        [RCVD]   = { DONE,   RCVD,   FAILED, LOST, LOST },
        [DONE]   = { DONE,   DONE,   DONE,   LOST, LOST },
        [FAILED] = { FAILED, FAILED, FAILED, LOST, LOST },
        [LOST]   = { LOST,   LOST,   LOST,   LOST, LOST },
    };
    /* clang-format on */
    assert(state < FC_WS_CLOSING_COUNT && signal < FC_WS_SIGNAL_COUNT);
    return next[state][signal];
}

bool fc_ws_close_code_is_valid(unsigned code)
{
    if (code >= 3000 && code <= 4999) {
        return true;
    }
    return code >= 1000 && code <= 1014 && code != 1004 && code != FC_WS_CODE_NO_STATUS &&
           code != FC_WS_CODE_ABNORMAL;
}

uint16_t fc_ws_close_decode(struct fc_bytes payload, uint16_t *code, struct fc_bytes *reason)
{
    if (payload.size == 0) {
        *code = FC_WS_CODE_NO_STATUS;
        *reason = payload;
        return 0;
    }
    if (payload.size < CODE_BYTES) {
        return FC_WS_CODE_PROTOCOL_ERROR;
    }
    const uint16_t given = (uint16_t)(payload.data[0] << 8 | payload.data[1]);
    const struct fc_bytes text = { payload.data + CODE_BYTES, payload.size - CODE_BYTES };
    if (!fc_ws_close_code_is_valid(given)) {
        return FC_WS_CODE_PROTOCOL_ERROR;
    }
    if (!fc_utf8_is_valid(text)) {
        return FC_WS_CODE_INVALID_DATA;
    }
    *code = given;
    *reason = text;
    return 0;
}

/* Where to cut a valid text so that it fits and ends with a whole character. */
static size_t cut(struct fc_bytes text)
{
    if (text.size <= REASON_MAX_BYTES) {
        return text.size;
    }
    size_t size = REASON_MAX_BYTES;
    while (size > 0 && (text.data[size] & 0xc0) == 0x80) {
        size--;
    }
    return size;
}

size_t fc_ws_close_encode(unsigned code, struct fc_bytes reason,
                          uint8_t out[FC_WS_CONTROL_MAX_BYTES])
{
    if (code == FC_WS_CODE_NO_STATUS) {
        return 0;
    }
    assert(fc_ws_close_code_is_valid(code));
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    const size_t size = fc_utf8_is_valid(reason) ? cut(reason) : 0;
    if (size > 0) {
        memcpy(out + CODE_BYTES, reason.data, size);
    }
    return CODE_BYTES + size;
}
