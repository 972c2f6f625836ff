/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_NEGOTIATION_H
#define ENGINE_WS_NEGOTIATION_H

#include <framecast/deflate.h>

/**
 * Check what a server answers to an offer. *deflate is what was offered, and becomes what is
 * agreed; NULL: nothing was offered.
 *
 * Errors:    a static sentence; NULL when it is in order.
 * Spec:      RFC 7692 sections 5.1 and 7.1, RFC 6455 section 9.1.
 */
const char *fc_deflate_check(const struct fc_http_response *response, struct fc_deflate *deflate);

#endif
