/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_HTTP_TOKEN_H
#define ENGINE_HTTP_TOKEN_H

#include <stdbool.h>

#include <framecast/bytes.h>

/* Words of RFC 9110 section 5.6: tokens, white space, comparison without case. Threads: any. */

/** True for one or more token characters. */
bool fc_http_is_token(struct fc_bytes text);

/** The text without surrounding spaces and tabs. */
struct fc_bytes fc_http_trim(struct fc_bytes text);

/** The text up to @p mark, of which *rest begins after it; all of it, and *rest empty, without. */
struct fc_bytes fc_http_split(struct fc_bytes text, char mark, struct fc_bytes *rest);

bool fc_http_equals(struct fc_bytes text, const char *string);
bool fc_http_equals_nocase(struct fc_bytes text, const char *string);

/** The value of a decimal digit, or -1. */
int fc_http_digit(uint8_t c);

#endif
