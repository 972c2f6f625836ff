/* SPDX-License-Identifier: MIT */

/*
 * Properties of close frames (RFC 6455 sections 5.5.1 and 7):
 *   - a payload that is accepted is encoded again to the same bytes, and its code may be sent;
 *   - one that is refused has a fault that can be named: its size, its code or its UTF-8;
 *   - whatever reason is given, what is encoded is accepted and carries the front of the reason;
 *   - no sequence of signals leaves a final state, or comes back to an open one;
 *   - an engine that closes with that code and reason is understood by an engine of the other role.
 *
 * Input: a byte that gives the role and how long the sequence of signals is, two with a code, the
 * signals, the rest: a payload, and a reason.
 */

#include <framecast/ws.h>

#include "engine/ws/closing.h"
#include "engine/ws/utf8.h"
#include "fuzz/fuzz.h"

static bool is_text(struct fc_bytes bytes)
{
    struct fc_utf8 utf8 = { 0 };
    return fc_utf8_check_scalar(&utf8, bytes) && fc_utf8_is_complete(&utf8);
}

static void check_decode(struct fc_bytes payload)
{
    uint16_t code = 0;
    struct fc_bytes reason = { 0 };
    const uint16_t failure = fc_ws_close_decode(payload, &code, &reason);
    if (failure) {
        FUZZ_CHECK(code == 0 && !reason.data);
        const bool has_code = payload.size >= 2;
        const unsigned given = has_code ? (unsigned)(payload.data[0] << 8 | payload.data[1]) : 0;
        if (failure == FC_WS_CODE_PROTOCOL_ERROR) {
            FUZZ_CHECK(payload.size == 1 || !fc_ws_close_code_is_valid(given));
        } else {
            FUZZ_CHECK(failure == FC_WS_CODE_INVALID_DATA && has_code);
            FUZZ_CHECK(!is_text((struct fc_bytes){ payload.data + 2, payload.size - 2 }));
        }
        return;
    }
    FUZZ_CHECK(code == FC_WS_CODE_NO_STATUS ? payload.size == 0 : fc_ws_close_code_is_valid(code));
    FUZZ_CHECK(reason.size == 0 || reason.data == payload.data + 2);
    FUZZ_CHECK(is_text(reason));

    uint8_t again[FC_WS_CONTROL_MAX_BYTES];
    const size_t size = fc_ws_close_encode(code, reason, again);
    FUZZ_CHECK(size <= sizeof(again));
    if (payload.size <= sizeof(again)) {
        FUZZ_CHECK(fuzz_equal(payload, (struct fc_bytes){ again, size }));
    }
}

static bool begins_with(struct fc_bytes whole, struct fc_bytes front)
{
    return front.size <= whole.size &&
           fuzz_equal((struct fc_bytes){ whole.data, front.size }, front);
}

/* What reaches the peer of a reason: all of it, or as many whole characters as fit, or nothing. */
static void check_reason(struct fc_bytes given, struct fc_bytes arrived)
{
    enum { FITS = FC_WS_CONTROL_MAX_BYTES - 2, LAST_CHARACTER = 3 };
    if (!is_text(given)) {
        FUZZ_CHECK(arrived.size == 0);
        return;
    }
    FUZZ_CHECK(begins_with(given, arrived));
    FUZZ_CHECK(given.size > FITS ? arrived.size >= FITS - LAST_CHARACTER
                                 : arrived.size == given.size);
}

static void check_encode(uint16_t code, struct fc_bytes reason)
{
    uint8_t payload[FC_WS_CONTROL_MAX_BYTES];
    const size_t size = fc_ws_close_encode(code, reason, payload);
    FUZZ_CHECK(size <= sizeof(payload));
    uint16_t arrived_code = 0;
    struct fc_bytes arrived = { 0 };
    FUZZ_CHECK(fc_ws_close_decode((struct fc_bytes){ payload, size }, &arrived_code, &arrived) ==
               0);
    FUZZ_CHECK(arrived_code == code);
    if (code != FC_WS_CODE_NO_STATUS) {
        check_reason(reason, arrived);
    }
}

static void check_signals(struct fc_bytes signals)
{
    enum fc_ws_closing state = FC_WS_CLOSING_OPEN;
    while (signals.size > 0) {
        const enum fc_ws_signal signal =
            (enum fc_ws_signal)(fuzz_take(&signals) % FC_WS_SIGNAL_COUNT);
        const enum fc_ws_closing next = fc_ws_closing_next(state, signal);
        FUZZ_CHECK(next < FC_WS_CLOSING_COUNT && next != FC_WS_CLOSING_OPEN);
        FUZZ_CHECK(!fc_ws_closing_is_final(state) || fc_ws_closing_is_final(next));
        FUZZ_CHECK(signal < FC_WS_SIGNAL_FAIL || fc_ws_closing_is_final(next));
        FUZZ_CHECK(state != FC_WS_CLOSING_LOST || next == state);
        state = next;
    }
}

/* The only event of an engine that is given these bytes at once. */
static struct fc_ws_event feed(struct fc_ws *ws, struct fc_bytes bytes)
{
    const struct fc_space room = fc_ws_input(ws);
    FUZZ_CHECK(room.size >= bytes.size && bytes.size > 0);
    memcpy(room.data, bytes.data, bytes.size);
    fc_ws_input_done(ws, bytes.size, 0);
    struct fc_ws_event event;
    FUZZ_CHECK(fc_ws_next_event(ws, &event));
    return event;
}

static void check_engines(bool is_client, uint16_t code, struct fc_bytes reason)
{
    char *text = malloc(reason.size + 1);
    FUZZ_CHECK(text);
    if (reason.size > 0) {
        memcpy(text, reason.data, reason.size);
    }
    text[reason.size] = '\0';
    struct fc_ws *us = fc_ws_new(&(struct fc_ws_options){ .role = is_client });
    struct fc_ws *peer = fc_ws_new(&(struct fc_ws_options){ .role = !is_client });
    FUZZ_CHECK(us && peer);

    fc_ws_close(us, code, text, 0);
    const struct fc_ws_event closed = feed(peer, fc_ws_output(us));
    FUZZ_CHECK(closed.type == FC_WS_EVENT_CLOSE && closed.is_clean && closed.code == code);
    if (code != FC_WS_CODE_NO_STATUS) {
        check_reason((struct fc_bytes){ (const uint8_t *)text, strlen(text) }, closed.payload);
    }
    fc_ws_output_done(us, fc_ws_output(us).size);
    const struct fc_ws_event answered = feed(us, fc_ws_output(peer));
    FUZZ_CHECK(answered.type == FC_WS_EVENT_CLOSE && answered.is_clean && answered.code == code);
    FUZZ_CHECK(fc_ws_is_done(us) && !fc_ws_is_open(peer));

    fc_ws_free(&us);
    fc_ws_free(&peer);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bytes input = { data, size };
    const uint8_t choice = fuzz_take(&input);
    const uint16_t code = fuzz_take16(&input);
    check_signals(fuzz_take_bytes(&input, choice >> 4));

    uint8_t *copy = fuzz_exact(input);
    const struct fc_bytes rest = { copy, input.size };
    check_decode(rest);
    if (fc_ws_close_code_is_valid(code) || code == FC_WS_CODE_NO_STATUS) {
        check_encode(code, rest);
        check_engines(choice & 1, code, rest);
    }
    free(copy);
    return 0;
}
