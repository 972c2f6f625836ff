/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_HANDSHAKE_H
#define FRAMECAST_HANDSHAKE_H

#include <framecast/deflate.h>

/* The WebSocket opening handshake (RFC 6455 section 4), without any I/O. */

FC_BEGIN

#define FC_WS_KEY_SIZE 25    /* 24 characters of base64 and a zero */
#define FC_WS_ACCEPT_SIZE 29 /* 28 characters of base64 and a zero */

/** True when a request asks for a WebSocket at all (Upgrade: websocket). */
FC_API bool fc_ws_is_upgrade(const struct fc_http_request *request);

/**
 * Check a client's opening handshake and compute the answer to its key.
 *
 * Errors:    the HTTP status to refuse with (400, 405, 426), *reason a static sentence; 0 when it
 *            is in order. With 426 send Sec-WebSocket-Version: 13.
 * Spec:      RFC 6455 section 4.2.1.
 */
FC_API FC_NODISCARD int fc_ws_accept(const struct fc_http_request *request,
                                     char accept[FC_WS_ACCEPT_SIZE], const char **reason);

/** True when the client offers that subprotocol (case matters). Spec: RFC 6455 section 11.3.4. */
FC_API bool fc_ws_offers_subprotocol(const struct fc_http_request *request, const char *name);

/** Turn 16 random bytes into a client's Sec-WebSocket-Key. Spec: RFC 6455 section 4.1. */
FC_API void fc_ws_key_make(const uint8_t random[16], char key[FC_WS_KEY_SIZE]);

/**
 * Check the server's answer to a client's opening handshake.
 *
 * @param key          what the request carried
 * @param subprotocol  what the request asked for, or NULL
 * @param deflate      what fc_deflate_offer() offered, which becomes what is agreed; NULL: nothing
 *
 * Errors:    false, *reason a static sentence.
 * Spec:      RFC 6455 section 4.1.
 */
FC_API FC_NODISCARD bool fc_ws_response_check(const struct fc_http_response *response,
                                              const char *key, const char *subprotocol,
                                              struct fc_deflate *deflate, const char **reason);

FC_END

#endif
