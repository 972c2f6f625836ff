/* SPDX-License-Identifier: MIT */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include <jansson.h>

#include "serve/endpoint.h"

/* Answers that many endpoints give. */

/** {"error": …, "hint": …} with that status. */
void answer_error(const struct visit *visit, int status, const char *error, const char *hint);

/** The same with more header lines, each ending in CRLF: what would be right instead. */
void answer_refusal(const struct visit *visit, int status, const char *headers, const char *error,
                    const char *hint);

/** JSON, released. */
void answer_json(const struct visit *visit, int status, json_t *json);

/** JSON as one text message over a WebSocket, released. Without memory nothing is sent. */
void answer_message(struct fc_conn *conn, json_t *json);

/** 503 or, on a WebSocket, 1013: the stream has as many renditions as it may. */
#define ANSWER_RENDITIONS "the stream is already encoded in as many ways as it may be"
#define ANSWER_RENDITIONS_HINT "ask for a width, fps and quality that others use"

/** Headers that forbid caching and buffering on the way. */
#define ANSWER_LIVE_HEADERS                                                                 \
    "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\nPragma: no-cache\r\n" \
    "X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\n"

/**
 * Read the format of predictions from the query.
 *
 * Errors:    false, and the visit is answered 400.
 */
FC_NODISCARD bool answer_parse_format(const struct visit *visit, enum prediction_format *format);

/**
 * Read fps, width, quality and boxes from the query.
 *
 * Errors:    false, and the visit is answered 400.
 */
FC_NODISCARD bool answer_parse_key(const struct visit *visit, struct rendition_key *key);

#endif
