/* SPDX-License-Identifier: MIT */

/*
 * Properties of the opening handshake (RFC 6455 section 4, RFC 7692 sections 5 and 7.1):
 *   - a request that is accepted has the headers that the RFC demands; the answer that follows from
 *     it is accepted by our own client, whatever of permessage-deflate was agreed on;
 *   - what is chosen of permessage-deflate was offered, and is within the limits;
 *   - headers of the same name mean what one header with their values in a list means;
 *   - a subprotocol is offered exactly when it is an element of the list;
 *   - a response that is accepted answers the key, and agrees on nothing that was not offered.
 *
 * Input: a byte of choices, header lines, which become part of a request and of a response.
 */

#include <framecast/handshake.h>

#include "engine/http/head.h"
#include "engine/ws/base64.h"
#include "engine/ws/extension.h"
#include "fuzz/http.h"

#define EXTENSIONS "Sec-WebSocket-Extensions"
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const char REQUEST_BARE[] = "GET /chat HTTP/1.1\r\nHost: h\r\n";
static const char REQUEST_MORE[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n";
static const char RESPONSE_BARE[] = "HTTP/1.1 101 Switching Protocols\r\n";
static const char RESPONSE_MORE[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Accept: " ACCEPT "\r\n";

struct choices {
    bool takes_over;
    bool is_bare; /* all headers come from the input */
    bool offers_deflate;
    bool has_subprotocol;
};

/* A head with the lines of the input in it. */
static void write_head(struct fuzz_text *text, const char *front, const char *more,
                       struct fc_bytes lines)
{
    text->size = 0;
    fuzz_add_string(text, front);
    fuzz_add_string(text, more);
    fuzz_add(text, lines);
    fuzz_add_string(text, "\r\n\r\n");
}

static bool parse_request(const struct fuzz_text *text, struct fc_http_request *out)
{
    size_t scanned = 0;
    size_t head_bytes = 0;
    int status = 0;
    return fc_http_request_parse((struct fc_bytes){ text->data, text->size }, &scanned, out,
                                 &head_bytes, &status) == FC_HTTP_STEP_DONE;
}

static bool parse_response(const struct fuzz_text *text, struct fc_http_response *out)
{
    size_t scanned = 0;
    size_t head_bytes = 0;
    return fc_http_response_parse((struct fc_bytes){ text->data, text->size }, &scanned, out,
                                  &head_bytes) == FC_HTTP_STEP_DONE;
}

static bool same_deflate(const struct fc_deflate *a, const struct fc_deflate *b)
{
    return a->is_on == b->is_on && a->server_no_context_takeover == b->server_no_context_takeover &&
           a->client_no_context_takeover == b->client_no_context_takeover &&
           a->server_max_window_bits == b->server_max_window_bits &&
           a->client_max_window_bits == b->client_max_window_bits;
}

static void check_bits(uint8_t bits)
{
    FUZZ_CHECK(bits == 0 ||
               (bits >= FC_DEFLATE_WINDOW_BITS_MIN && bits <= FC_DEFLATE_WINDOW_BITS_MAX));
}

/* What the server makes of the offers. */
struct chosen {
    bool is_chosen;
    struct fc_deflate deflate;
    char answer[FC_DEFLATE_HEADER_SIZE];
};

static struct chosen choose(const struct fc_http_request *request, bool takes_over)
{
    struct chosen c = { 0 };
    c.is_chosen = fc_deflate_choose(request, takes_over, &c.deflate, c.answer);
    FUZZ_CHECK(c.is_chosen == c.deflate.is_on && c.is_chosen == (c.answer[0] != '\0'));
    FUZZ_CHECK(memchr(c.answer, '\0', sizeof(c.answer)));
    check_bits(c.deflate.server_max_window_bits);
    check_bits(c.deflate.client_max_window_bits);
    FUZZ_CHECK(!c.is_chosen || takes_over || c.deflate.client_no_context_takeover);
    return c;
}

/* Our own client, which offered anything, takes the answer. */
static void check_answer(const struct fc_http_request *request, const char *accept,
                         const struct chosen *chosen)
{
    static struct fuzz_text text;
    static struct fc_http_response response;
    text.size = 0;
    fuzz_add_string(&text, RESPONSE_BARE);
    fuzz_add_string(&text, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
    fuzz_add_string(&text, accept);
    if (chosen->is_chosen) {
        fuzz_add_string(&text, "\r\n" EXTENSIONS ": ");
        fuzz_add_string(&text, chosen->answer);
    }
    fuzz_add_string(&text, "\r\n\r\n");
    FUZZ_CHECK(parse_response(&text, &response));

    char key[FC_WS_KEY_SIZE] = "";
    const struct fc_bytes *given =
        fc_http_header_find(request->headers, request->header_count, "Sec-WebSocket-Key");
    FUZZ_CHECK(given && given->size == sizeof(key) - 1);
    memcpy(key, given->data, given->size);
    struct fc_deflate agreed;
    char offer[FC_DEFLATE_HEADER_SIZE];
    fc_deflate_offer(!chosen->deflate.server_no_context_takeover, &agreed, offer);
    const char *reason = NULL;
    FUZZ_CHECK(fc_ws_response_check(&response, key, NULL, &agreed, &reason));
    FUZZ_CHECK(agreed.is_on == chosen->is_chosen);
    FUZZ_CHECK(agreed.server_max_window_bits == chosen->deflate.server_max_window_bits);
}

/* The same head, with the list of every extension header cut at its first useful comma. */
static void check_cut_lists(const struct fc_http_request *request, bool takes_over)
{
    static struct fc_http_request cut;
    cut = *request;
    cut.header_count = 0;
    for (uint32_t i = 0; i < request->header_count; i++) {
        const struct fc_http_header *header = &request->headers[i];
        struct fc_bytes rest;
        const struct fc_bytes front = fc_http_split(header->value, ',', &rest);
        struct fc_bytes copy = rest;
        struct fc_bytes name;
        struct fc_bytes parameters;
        const bool is_useful = fc_http_equals_nocase(header->name, EXTENSIONS) &&
                               fc_http_trim(front).size > 0 &&
                               fc_ws_extension_next(&copy, &name, &parameters);
        if (cut.header_count + 2 > FC_HTTP_HEADERS_MAX) {
            return;
        }
        cut.headers[cut.header_count++] =
            (struct fc_http_header){ header->name, is_useful ? front : header->value };
        if (is_useful) {
            cut.headers[cut.header_count++] = (struct fc_http_header){ header->name, rest };
        }
    }
    FUZZ_CHECK(fc_ws_extensions_are_valid(cut.headers, cut.header_count) ==
               fc_ws_extensions_are_valid(request->headers, request->header_count));
    const struct chosen a = choose(request, takes_over);
    const struct chosen b = choose(&cut, takes_over);
    FUZZ_CHECK(a.is_chosen == b.is_chosen && same_deflate(&a.deflate, &b.deflate));
    FUZZ_CHECK(strcmp(a.answer, b.answer) == 0);
}

static void check_subprotocols(const struct fc_http_request *request)
{
    for (uint32_t i = 0; i < request->header_count; i++) {
        struct fc_bytes list = request->headers[i].value;
        while (fc_http_equals_nocase(request->headers[i].name, "Sec-WebSocket-Protocol") &&
               list.size > 0) {
            const struct fc_bytes name = fc_http_trim(fc_http_split(list, ',', &list));
            char *string = malloc(name.size + 2);
            FUZZ_CHECK(string);
            snprintf(string, name.size + 1, "%.*s", (int)name.size, (const char *)name.data);
            FUZZ_CHECK(fc_ws_offers_subprotocol(request, string));
            strcat(string, ",");
            FUZZ_CHECK(!fc_ws_offers_subprotocol(request, string));
            free(string);
        }
    }
}

static void check_request(const struct choices *choices, struct fc_bytes lines)
{
    static struct fuzz_text text;
    static struct fc_http_request request;
    write_head(&text, REQUEST_BARE, choices->is_bare ? "" : REQUEST_MORE, lines);
    if (!parse_request(&text, &request)) {
        return;
    }
    check_subprotocols(&request);
    check_cut_lists(&request, choices->takes_over);

    char accept[FC_WS_ACCEPT_SIZE] = "";
    const char *reason = NULL;
    const int status = fc_ws_accept(&request, accept, &reason);
    FUZZ_CHECK(status == 0 || status == 400 || status == 405 || status == 426);
    FUZZ_CHECK((status != 0) == (reason != NULL) && (status == 0) == (accept[0] != '\0'));
    if (status) {
        return;
    }
    FUZZ_CHECK(fc_ws_is_upgrade(&request) && request.method == FC_HTTP_GET);
    FUZZ_CHECK(fc_ws_extensions_are_valid(request.headers, request.header_count));
    FUZZ_CHECK(fc_base64_has_size((struct fc_bytes){ (uint8_t *)accept, strlen(accept) }, 20));
    const struct chosen chosen = choose(&request, choices->takes_over);
    check_answer(&request, accept, &chosen);
}

static void check_response(const struct choices *choices, struct fc_bytes lines)
{
    static struct fuzz_text text;
    static struct fc_http_response response;
    write_head(&text, RESPONSE_BARE, choices->is_bare ? "" : RESPONSE_MORE, lines);
    if (!parse_response(&text, &response)) {
        return;
    }
    struct fc_deflate offered;
    char offer[FC_DEFLATE_HEADER_SIZE];
    fc_deflate_offer(choices->takes_over, &offered, offer);
    struct fc_deflate agreed = offered;
    const char *reason = NULL;
    const char *subprotocol = choices->has_subprotocol ? "chat" : NULL;
    const bool is_accepted = fc_ws_response_check(
        &response, KEY, subprotocol, choices->offers_deflate ? &agreed : NULL, &reason);
    FUZZ_CHECK(is_accepted == !reason);
    if (!is_accepted) {
        return;
    }
    const struct fc_http_header *headers = response.headers;
    const uint32_t count = response.header_count;
    const struct fc_bytes *accept = fc_http_header_find(headers, count, "Sec-WebSocket-Accept");
    const struct fc_bytes *chosen = fc_http_header_find(headers, count, "Sec-WebSocket-Protocol");
    FUZZ_CHECK(response.status == 101 && accept && fc_http_equals(*accept, ACCEPT));
    FUZZ_CHECK(!chosen || (subprotocol && fc_http_equals(*chosen, subprotocol)));
    const bool has_extension = fc_http_header_count(headers, count, EXTENSIONS) > 0;
    FUZZ_CHECK(!has_extension || choices->offers_deflate);
    if (choices->offers_deflate) {
        FUZZ_CHECK(agreed.is_on == has_extension);
        FUZZ_CHECK(!agreed.is_on || choices->takes_over || agreed.server_no_context_takeover);
        check_bits(agreed.server_max_window_bits);
        check_bits(agreed.client_max_window_bits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bytes input = { data, size < FC_HTTP_HEAD_MAX_BYTES ? size : FC_HTTP_HEAD_MAX_BYTES };
    const uint8_t byte = fuzz_take(&input);
    const struct choices choices = {
        .takes_over = byte & 1,
        .is_bare = byte & 2,
        .offers_deflate = byte & 4,
        .has_subprotocol = byte & 8,
    };
    check_request(&choices, input);
    check_response(&choices, input);
    return 0;
}
