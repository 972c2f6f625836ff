/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include "engine/http/head.h"
#include "engine/http/token.h"

/* A response head (RFC 9112 section 4), for our own clients. */

enum { STATUS_DIGITS = 3, STATUS_MIN = 100, STATUS_MAX = 599 };

static bool parse_status(struct fc_bytes text, int *out)
{
    if (text.size != STATUS_DIGITS) {
        return false;
    }
    int value = 0;
    for (size_t i = 0; i < STATUS_DIGITS; i++) {
        const int digit = fc_http_digit(text.data[i]);
        if (digit < 0) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return value >= STATUS_MIN && value <= STATUS_MAX;
}

static bool parse_head(struct fc_bytes head, struct fc_http_response *out)
{
    struct fc_bytes rest;
    struct fc_bytes phrase;
    const struct fc_bytes line = fc_http_head_line(&head);
    const struct fc_bytes version = fc_http_split(line, ' ', &rest);
    const struct fc_bytes code = fc_http_split(rest, ' ', &phrase);
    if (code.size == rest.size) { /* the space before the phrase is there even without one */
        return false;
    }
    return fc_http_version_parse(version, &out->minor_version) == 0 &&
           parse_status(code, &out->status) &&
           fc_http_headers_parse(head, out->headers, &out->header_count) == 0;
}

enum fc_http_step fc_http_response_parse(struct fc_bytes in, size_t *scanned,
                                         struct fc_http_response *out, size_t *head_bytes)
{
    size_t size = 0;
    const enum fc_http_step step = fc_http_head_scan(in, scanned, &size);
    if (step == FC_HTTP_STEP_MORE && in.size < FC_HTTP_HEAD_MAX_BYTES) {
        return FC_HTTP_STEP_MORE;
    }
    *out = (struct fc_http_response){ 0 };
    if (step != FC_HTTP_STEP_DONE || !parse_head((struct fc_bytes){ in.data, size }, out)) {
        return FC_HTTP_STEP_FAIL;
    }
    *head_bytes = size;
    return FC_HTTP_STEP_DONE;
}
