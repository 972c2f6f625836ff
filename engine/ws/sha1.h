/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_SHA1_H
#define ENGINE_WS_SHA1_H

#include <framecast/bytes.h>

#define FC_SHA1_BYTES 20

/**
 * SHA-1 of a whole message. The opening handshake needs it; nothing secret may depend on it.
 *
 * Threads:   any.
 * Spec:      RFC 3174.
 */
void fc_sha1(struct fc_bytes message, uint8_t out[FC_SHA1_BYTES]);

#endif
