/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_HTTP_HEAD_H
#define ENGINE_HTTP_HEAD_H

#include <stdbool.h>

#include <framecast/http.h>

/* What request and response heads have in common (RFC 9112 sections 2, 4 and 5). Threads: any. */

/**
 * Look for the empty line that ends a head, from *scanned on.
 *
 * One empty line before the first is let pass (RFC 9112 section 2.2).
 *
 * Errors:    FAIL for a bare CR or LF, or a control character; DONE gives *head_bytes.
 */
enum fc_http_step fc_http_head_scan(struct fc_bytes in, size_t *scanned, size_t *head_bytes);

/** Take one line, without its CRLF, from the front of *head, which must hold one. */
struct fc_bytes fc_http_head_line(struct fc_bytes *head);

/**
 * Read "HTTP/1.x".
 *
 * Errors:    the status to answer with, 400 or 505; 0 when it is in order.
 */
int fc_http_version_parse(struct fc_bytes text, int *minor);

/**
 * Read header lines up to the empty one.
 *
 * @param headers  room for FC_HTTP_HEADERS_MAX
 *
 * Errors:    the status to answer with, 400 or 431; 0 when they are in order.
 */
int fc_http_headers_parse(struct fc_bytes lines, struct fc_http_header *headers, uint32_t *count);

/** How many headers have that name (any case). */
uint32_t fc_http_header_count(const struct fc_http_header *headers, uint32_t count,
                              const char *name);

#endif
