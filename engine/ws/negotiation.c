/* SPDX-License-Identifier: MIT */
#include "engine/ws/negotiation.h"

#include <stdio.h>
#include <string.h>

#include "engine/http/token.h"
#include "engine/ws/extension.h"

/* permessage-deflate in the opening handshake: RFC 7692 sections 5 and 7.1. */

#define NAME "permessage-deflate"

enum parameter {
    SERVER_NO_CONTEXT_TAKEOVER,
    CLIENT_NO_CONTEXT_TAKEOVER,
    SERVER_MAX_WINDOW_BITS,
    CLIENT_MAX_WINDOW_BITS,
    PARAMETER_COUNT,
};

static const char *const names[PARAMETER_COUNT] = {
    [SERVER_NO_CONTEXT_TAKEOVER] = "server_no_context_takeover",
    [CLIENT_NO_CONTEXT_TAKEOVER] = "client_no_context_takeover",
    [SERVER_MAX_WINDOW_BITS] = "server_max_window_bits",
    [CLIENT_MAX_WINDOW_BITS] = "client_max_window_bits",
};

/* The parameters of one extension. */
struct parameters {
    bool has[PARAMETER_COUNT];
    uint8_t bits[PARAMETER_COUNT]; /* 0: without a value */
};

/* "8" to "15", and nothing else that would be the same number; 0 for what is none of them. */
static uint8_t read_bits(struct fc_bytes value)
{
    for (uint8_t bits = FC_DEFLATE_WINDOW_BITS_MIN; bits <= FC_DEFLATE_WINDOW_BITS_MAX; bits++) {
        char text[4];
        snprintf(text, sizeof(text), "%u", bits);
        if (fc_http_equals(value, text)) {
            return bits;
        }
    }
    return 0;
}

/* Whether the value, or that there is none, is right for the parameter. */
static bool value_is_valid(enum parameter which, const struct fc_ws_parameter *given)
{
    const bool wants_bits = which == SERVER_MAX_WINDOW_BITS || which == CLIENT_MAX_WINDOW_BITS;
    if (!given->has_value) {
        return !wants_bits || which == CLIENT_MAX_WINDOW_BITS;
    }
    return wants_bits && read_bits(given->value) > 0;
}

/* Errors: false for what is unknown, twice there, or has a wrong value. */
static bool read_parameters(struct fc_bytes text, struct parameters *out)
{
    *out = (struct parameters){ 0 };
    struct fc_ws_parameter given;
    enum fc_ws_parameter_step step;
    while ((step = fc_ws_parameter_next(&text, &given)) == FC_WS_PARAMETER) {
        unsigned which = 0;
        while (which < PARAMETER_COUNT && !fc_http_equals_nocase(given.name, names[which])) {
            which++;
        }
        if (which == PARAMETER_COUNT || out->has[which] ||
            !value_is_valid((enum parameter)which, &given)) {
            return false;
        }
        out->has[which] = true;
        out->bits[which] = given.has_value ? read_bits(given.value) : 0;
    }
    return step == FC_WS_PARAMETERS_END;
}

static void format(const struct fc_deflate *deflate, char out[FC_DEFLATE_HEADER_SIZE])
{
    char bits[48] = "";
    if (deflate->server_max_window_bits) {
        snprintf(bits, sizeof(bits), "; server_max_window_bits=%u",
                 deflate->server_max_window_bits);
    }
    snprintf(out, FC_DEFLATE_HEADER_SIZE, NAME "%s%s%s",
             deflate->server_no_context_takeover ? "; server_no_context_takeover" : "",
             deflate->client_no_context_takeover ? "; client_no_context_takeover" : "", bits);
}

/*
 * What the client may do is asked of it in the answer, and every client must be able to send
 * without takeover; its window is never limited, because ours is the largest there is.
 */
static void agree(const struct parameters *offer, bool takes_over, struct fc_deflate *out)
{
    *out = (struct fc_deflate){
        .is_on = true,
        .server_no_context_takeover = true,
        .client_no_context_takeover = offer->has[CLIENT_NO_CONTEXT_TAKEOVER] || !takes_over,
        .server_max_window_bits = offer->bits[SERVER_MAX_WINDOW_BITS],
    };
}

/* The first offer of a list that can be taken. */
static bool find_offer(struct fc_bytes list, struct parameters *offer)
{
    struct fc_bytes name;
    struct fc_bytes text;
    while (fc_ws_extension_next(&list, &name, &text)) {
        if (fc_http_equals_nocase(name, NAME) && read_parameters(text, offer)) {
            return true;
        }
    }
    return false;
}

static bool is_extensions(const struct fc_http_header *header)
{
    return fc_http_equals_nocase(header->name, "Sec-WebSocket-Extensions");
}

bool fc_deflate_choose(const struct fc_http_request *request, bool takes_over,
                       struct fc_deflate *out, char answer[FC_DEFLATE_HEADER_SIZE])
{
    for (uint32_t i = 0; i < request->header_count; i++) {
        struct parameters offer;
        if (is_extensions(&request->headers[i]) && find_offer(request->headers[i].value, &offer)) {
            agree(&offer, takes_over, out);
            format(out, answer);
            return true;
        }
    }
    return false;
}

void fc_deflate_offer(bool takes_over, struct fc_deflate *out, char offer[FC_DEFLATE_HEADER_SIZE])
{
    *out = (struct fc_deflate){
        .is_on = true,
        .server_no_context_takeover = !takes_over,
        .client_no_context_takeover = true,
    };
    format(out, offer);
}

/* What is wrong with the parameters that a server answers, or NULL. */
static const char *answer_fault(const struct parameters *answer, const struct fc_deflate *offer)
{
    if (answer->has[CLIENT_MAX_WINDOW_BITS]) {
        return "the server limits our window, which was not offered";
    }
    if (offer->server_no_context_takeover && !answer->has[SERVER_NO_CONTEXT_TAKEOVER]) {
        return "the server does not promise to compress each message by itself";
    }
    return NULL;
}

static const char *take_answer(struct fc_bytes name, struct fc_bytes text,
                               const struct fc_deflate *offer, struct fc_deflate *out)
{
    struct parameters answer;
    if (!offer || !fc_http_equals_nocase(name, NAME)) {
        return "the server uses an extension that was not asked for";
    }
    if (out->is_on) {
        return "the server answers permessage-deflate twice";
    }
    if (!read_parameters(text, &answer)) {
        return "the server's parameters of permessage-deflate are not in order";
    }
    *out = (struct fc_deflate){
        .is_on = true,
        .server_no_context_takeover = answer.has[SERVER_NO_CONTEXT_TAKEOVER],
        .client_no_context_takeover = true, /* we never take over, whatever is agreed */
        .server_max_window_bits = answer.bits[SERVER_MAX_WINDOW_BITS],
    };
    return answer_fault(&answer, offer);
}

static const char *take_answers(struct fc_bytes list, const struct fc_deflate *offer,
                                struct fc_deflate *out)
{
    const char *fault = NULL;
    struct fc_bytes name;
    struct fc_bytes text;
    while (!fault && fc_ws_extension_next(&list, &name, &text)) {
        fault = take_answer(name, text, offer, out);
    }
    return fault;
}

const char *fc_deflate_check(const struct fc_http_response *response, struct fc_deflate *deflate)
{
    struct fc_deflate agreed = { 0 };
    if (!fc_ws_extensions_are_valid(response->headers, response->header_count)) {
        return "the server's Sec-WebSocket-Extensions is not in order";
    }
    for (uint32_t i = 0; i < response->header_count; i++) {
        const char *fault = is_extensions(&response->headers[i])
                                ? take_answers(response->headers[i].value, deflate, &agreed)
                                : NULL;
        if (fault) {
            return fault;
        }
    }
    if (deflate) {
        *deflate = agreed;
    }
    return NULL;
}
