/* SPDX-License-Identifier: MIT */

/*
 * Properties of messages that are ready for the wire:
 *   - every form of one (plain, compressed, masked, in parts) is what an engine of the other role
 *     takes for the payload that it was made from;
 *   - its size is the number of its bytes, and a compressed form is smaller than the plain one;
 *   - when memory fails there is no message, and all of it is given back.
 *
 * Input: a byte of choices, one for the allocation that fails, one each for the sizes of head and
 * tail, the payload.
 */

#include <framecast/message.h>
#include <framecast/ws.h>

#include "engine/testing/alloc.h"
#include "fuzz/fuzz.h"
#include "net/message.h"

enum { PARTS = 3 };

/* What one payload becomes; NULL where memory failed, or where there is no such form. */
struct forms {
    struct fc_message *plain; /* has the compressed form in it */
    struct fc_message *masked;
    struct fc_message *masked_deflated;
    struct fc_message *parts[PARTS];
};

static struct fc_bytes slice(struct fc_bytes bytes, size_t from, size_t to)
{
    return (struct fc_bytes){ bytes.data + from, to - from };
}

static struct fc_message *make_plain(struct fc_bytes payload, size_t head, size_t tail,
                                     struct fc_deflater *deflater)
{
    const size_t body_end = payload.size - tail;
    struct fc_body *body = fc_body_new(slice(payload, head, body_end));
    struct fc_message *message = body ? fc_message_new(&(struct fc_message_options){
                                            .ws_kind = FC_WS_BINARY,
                                            .head = slice(payload, 0, head),
                                            .body = body,
                                            .tail = slice(payload, body_end, payload.size),
                                            .tag = 7,
                                            .deflater = deflater,
                                        })
                                      : NULL;
    fc_body_unref(&body);
    return message;
}

static void make_forms(struct forms *forms, struct fc_bytes payload, struct fc_ws *client)
{
    const size_t cuts[PARTS + 1] = { 0, payload.size / 3, payload.size / 2, payload.size };
    if (forms->plain) {
        forms->masked = message_new_masked(forms->plain, client);
    }
    if (forms->plain && forms->plain->deflated) {
        forms->masked_deflated = message_new_masked(forms->plain->deflated, client);
    }
    for (int i = 0; i < PARTS; i++) {
        forms->parts[i] = message_new_part(i == 0 ? FC_WS_BINARY : (enum fc_ws_kind)0,
                                           slice(payload, cuts[i], cuts[i + 1]), i == PARTS - 1);
    }
}

static void free_forms(struct forms *forms)
{
    fc_message_unref(&forms->plain);
    fc_message_unref(&forms->masked);
    fc_message_unref(&forms->masked_deflated);
    for (int i = 0; i < PARTS; i++) {
        fc_message_unref(&forms->parts[i]);
    }
}

/* Give bytes to an engine; true when they end a message, which must be the expected one. */
static bool feed(struct fc_ws *ws, struct fc_bytes bytes, struct fc_bytes expected)
{
    bool has_arrived = false;
    while (bytes.size > 0) {
        const struct fc_space room = fc_ws_input(ws);
        const struct fc_bytes piece = fuzz_take_bytes(&bytes, room.size);
        FUZZ_CHECK(piece.size > 0);
        memcpy(room.data, piece.data, piece.size);
        fc_ws_input_done(ws, piece.size, 0);
        for (struct fc_ws_event event; fc_ws_next_event(ws, &event);) {
            FUZZ_CHECK(!has_arrived && event.type == FC_WS_EVENT_MESSAGE);
            FUZZ_CHECK(event.kind == FC_WS_BINARY && fuzz_equal(event.payload, expected));
            has_arrived = true;
        }
    }
    return has_arrived;
}

static bool arrives(struct fc_ws *ws, const struct fc_message *message, struct fc_bytes expected)
{
    const struct fc_bytes parts[] = { message_head(message), message_body(message),
                                      message_tail(message) };
    size_t size = 0;
    bool has_arrived = false;
    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        FUZZ_CHECK(!has_arrived || parts[i].size == 0);
        has_arrived |= feed(ws, parts[i], expected);
        size += parts[i].size;
    }
    FUZZ_CHECK(size == fc_message_size(message));
    return has_arrived;
}

static void check_forms(const struct forms *forms, struct fc_bytes payload, struct fc_ws *client,
                        struct fc_ws *server)
{
    const struct fc_message *deflated = forms->plain ? forms->plain->deflated : NULL;
    FUZZ_CHECK(!forms->plain || arrives(client, forms->plain, payload));
    if (deflated) {
        FUZZ_CHECK(fc_message_size(deflated) < fc_message_size(forms->plain));
        FUZZ_CHECK(arrives(client, deflated, payload));
        FUZZ_CHECK(fc_message_tag(deflated) == 7);
    }
    if (forms->masked) {
        FUZZ_CHECK(arrives(server, forms->masked, payload));
        FUZZ_CHECK(fc_message_tag(forms->masked) == 7);
    }
    FUZZ_CHECK(!forms->masked_deflated || arrives(server, forms->masked_deflated, payload));
    for (int i = 0; i < PARTS && forms->parts[i]; i++) {
        FUZZ_CHECK(arrives(client, forms->parts[i], payload) == (i == PARTS - 1));
    }
}

static struct fc_ws *engine_new(enum fc_ws_role role)
{
    struct fc_ws *ws = fc_ws_new(&(struct fc_ws_options){
        .role = role,
        .deflate = { .is_on = true,
                     .server_no_context_takeover = true,
                     .client_no_context_takeover = true },
    });
    FUZZ_CHECK(ws);
    return ws;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bytes payload = { data, size };
    const uint8_t choice = fuzz_take(&payload);
    const uint8_t fail_at = fuzz_take(&payload);
    const size_t head = fuzz_take(&payload);
    const size_t tail = fuzz_take(&payload) % (FC_MESSAGE_TAIL_MAX + 1);
    const bool is_in_one = head + tail > payload.size;
    const long live = alloc_live();
    struct fc_ws *client = engine_new(FC_WS_CLIENT);
    struct fc_ws *server = engine_new(FC_WS_SERVER);
    struct fc_deflater *deflater = NULL;
    if (choice & 1) {
        deflater = fc_deflater_new(&(struct fc_deflater_options){ .level = choice >> 1 & 7 });
        FUZZ_CHECK(deflater);
    }

    alloc_fail_at(fail_at);
    struct forms forms = {
        .plain = make_plain(payload, is_in_one ? 0 : head, is_in_one ? 0 : tail, deflater),
    };
    make_forms(&forms, payload, client);
    FUZZ_CHECK(alloc_has_failed() || (forms.plain && forms.masked && forms.parts[PARTS - 1]));
    alloc_fail_at(0);
    check_forms(&forms, payload, client, server);

    free_forms(&forms);
    fc_deflater_free(&deflater);
    fc_ws_free(&client);
    fc_ws_free(&server);
    FUZZ_CHECK(alloc_live() == live);
    return 0;
}
