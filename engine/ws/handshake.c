/* SPDX-License-Identifier: MIT */
#include <framecast/handshake.h>

#include <assert.h>
#include <string.h>

#include "engine/http/head.h"
#include "engine/http/token.h"
#include "engine/ws/base64.h"
#include "engine/ws/extension.h"
#include "engine/ws/negotiation.h"
#include "engine/ws/sha1.h"

/* RFC 6455 section 4. Extensions are negotiation.c's. */

static const char MAGIC[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* section 1.3 */

enum { NONCE_BYTES = 16, KEY_CHARS = FC_WS_KEY_SIZE - 1 };

_Static_assert(FC_WS_KEY_SIZE == FC_BASE64_SIZE(NONCE_BYTES), "a key is base64 of the nonce");
_Static_assert(FC_WS_ACCEPT_SIZE == FC_BASE64_SIZE(FC_SHA1_BYTES), "so is the answer, of a digest");

static void answer_key(const uint8_t key[KEY_CHARS], char accept[FC_WS_ACCEPT_SIZE])
{
    uint8_t text[KEY_CHARS + sizeof(MAGIC) - 1];
    memcpy(text, key, KEY_CHARS);
    memcpy(text + KEY_CHARS, MAGIC, sizeof(MAGIC) - 1);
    uint8_t digest[FC_SHA1_BYTES];
    fc_sha1((struct fc_bytes){ text, sizeof(text) }, digest);
    fc_base64_encode((struct fc_bytes){ digest, sizeof(digest) }, accept);
}

/* The value of a header that must be there exactly once, or NULL. */
static const struct fc_bytes *find_single(const struct fc_http_header *headers, uint32_t count,
                                          const char *name)
{
    if (fc_http_header_count(headers, count, name) != 1) {
        return NULL;
    }
    return fc_http_header_find(headers, count, name);
}

bool fc_ws_is_upgrade(const struct fc_http_request *request)
{
    return fc_http_header_has_token(request->headers, request->header_count, "Upgrade",
                                    "websocket");
}

static int refuse(int status, const char *sentence, const char **reason)
{
    *reason = sentence;
    return status;
}

int fc_ws_accept(const struct fc_http_request *request, char accept[FC_WS_ACCEPT_SIZE],
                 const char **reason)
{
    const struct fc_http_header *headers = request->headers;
    const uint32_t count = request->header_count;
    if (request->method != FC_HTTP_GET) {
        return refuse(405, "a WebSocket handshake is a GET request", reason);
    }
    if (request->minor_version < 1) {
        return refuse(400, "a WebSocket handshake needs HTTP/1.1", reason);
    }
    if (!fc_ws_is_upgrade(request)) {
        return refuse(426, "this address speaks WebSocket only", reason);
    }
    if (!fc_http_header_has_token(headers, count, "Connection", "upgrade")) {
        return refuse(400, "the Connection header does not list Upgrade", reason);
    }
    if (request->content_length > 0 || request->is_chunked) {
        return refuse(400, "a WebSocket handshake has no body", reason);
    }
    const struct fc_bytes *version = find_single(headers, count, "Sec-WebSocket-Version");
    if (!version) {
        return refuse(400, "one Sec-WebSocket-Version header is needed", reason);
    }
    if (!fc_http_equals(*version, "13")) {
        return refuse(426, "only version 13 of the WebSocket protocol is spoken", reason);
    }
    const struct fc_bytes *key = find_single(headers, count, "Sec-WebSocket-Key");
    if (!key || !fc_base64_has_size(*key, NONCE_BYTES)) {
        return refuse(400, "one Sec-WebSocket-Key header of 16 bytes in base64 is needed", reason);
    }
    if (!fc_ws_extensions_are_valid(headers, count)) {
        return refuse(400, "the Sec-WebSocket-Extensions header is not in order", reason);
    }
    answer_key(key->data, accept);
    return 0;
}

/* Like fc_http_header_has_token(), but subprotocol names keep their case. */
static bool list_has_name(struct fc_bytes list, const char *name)
{
    while (list.size > 0) {
        const struct fc_bytes element = fc_http_split(list, ',', &list);
        if (fc_http_equals(fc_http_trim(element), name)) {
            return true;
        }
    }
    return false;
}

bool fc_ws_offers_subprotocol(const struct fc_http_request *request, const char *name)
{
    for (uint32_t i = 0; i < request->header_count; i++) {
        const struct fc_http_header *header = &request->headers[i];
        if (fc_http_equals_nocase(header->name, "Sec-WebSocket-Protocol") &&
            list_has_name(header->value, name)) {
            return true;
        }
    }
    return false;
}

void fc_ws_key_make(const uint8_t random[16], char key[FC_WS_KEY_SIZE])
{
    fc_base64_encode((struct fc_bytes){ random, NONCE_BYTES }, key);
}

/* What is wrong with the server's answer, or NULL. */
static const char *response_fault(const struct fc_http_response *response, const char *key,
                                  const char *subprotocol)
{
    const struct fc_http_header *headers = response->headers;
    const uint32_t count = response->header_count;
    if (response->status != 101 || response->minor_version < 1) {
        return "the server did not switch protocols";
    }
    const struct fc_bytes *upgrade = find_single(headers, count, "Upgrade");
    if (!upgrade || !fc_http_equals_nocase(*upgrade, "websocket")) {
        return "the server's Upgrade header is not websocket";
    }
    if (!fc_http_header_has_token(headers, count, "Connection", "upgrade")) {
        return "the server's Connection header does not list Upgrade";
    }
    char expected[FC_WS_ACCEPT_SIZE];
    answer_key((const uint8_t *)key, expected);
    const struct fc_bytes *accept = find_single(headers, count, "Sec-WebSocket-Accept");
    if (!accept || !fc_http_equals(*accept, expected)) {
        return "the server's Sec-WebSocket-Accept does not answer the key";
    }
    const uint32_t protocols = fc_http_header_count(headers, count, "Sec-WebSocket-Protocol");
    const struct fc_bytes *protocol = find_single(headers, count, "Sec-WebSocket-Protocol");
    if (protocols > 0 && (!protocol || !subprotocol || !fc_http_equals(*protocol, subprotocol))) {
        return "the server chose a subprotocol that was not asked for";
    }
    return NULL;
}

bool fc_ws_response_check(const struct fc_http_response *response, const char *key,
                          const char *subprotocol, struct fc_deflate *deflate, const char **reason)
{
    assert(strlen(key) == KEY_CHARS);
    const char *fault = response_fault(response, key, subprotocol);
    fault = fault ? fault : fc_deflate_check(response, deflate);
    if (fault) {
        *reason = fault;
    }
    return !fault;
}
