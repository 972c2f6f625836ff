/* SPDX-License-Identifier: MIT */
#include "engine/http/head.h"

#include <assert.h>
#include <string.h>

#include "engine/http/token.h"

static bool is_allowed(struct fc_bytes in, size_t at)
{
    const uint8_t c = in.data[at];
    const bool is_after_cr = at > 0 && in.data[at - 1] == '\r';
    if (is_after_cr || c == '\n') {
        return is_after_cr && c == '\n';
    }
    return (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\r';
}

enum fc_http_step fc_http_head_scan(struct fc_bytes in, size_t *scanned, size_t *head_bytes)
{
    const size_t end = in.size < FC_HTTP_HEAD_MAX_BYTES ? in.size : FC_HTTP_HEAD_MAX_BYTES;
    for (size_t at = *scanned; at < end; at++) {
        if (!is_allowed(in, at)) {
            return FC_HTTP_STEP_FAIL;
        }
        if (in.data[at] == '\n' && at >= 2 && in.data[at - 2] == '\n') {
            *head_bytes = at + 1;
            return FC_HTTP_STEP_DONE;
        }
    }
    *scanned = end;
    return FC_HTTP_STEP_MORE;
}

struct fc_bytes fc_http_head_line(struct fc_bytes *head)
{
    struct fc_bytes line = fc_http_split(*head, '\n', head);
    assert(line.size > 0 && line.data[line.size - 1] == '\r');
    line.size--;
    return line;
}

int fc_http_version_parse(struct fc_bytes text, int *minor)
{
    static const char name[] = "HTTP/";
    const size_t digits = sizeof(name) - 1;
    if (text.size != digits + 3 || memcmp(text.data, name, digits) != 0 ||
        text.data[digits + 1] != '.') {
        return 400;
    }
    const int major = fc_http_digit(text.data[digits]);
    const int given = fc_http_digit(text.data[digits + 2]);
    if (major < 0 || given < 0) {
        return 400;
    }
    if (major != 1) {
        return 505;
    }
    *minor = given > 0; /* RFC 9110 section 2.5: a higher one is what we know, 1.1 */
    return 0;
}

int fc_http_headers_parse(struct fc_bytes lines, struct fc_http_header *headers, uint32_t *count)
{
    uint32_t found = 0;
    while (true) {
        const struct fc_bytes line = fc_http_head_line(&lines);
        if (line.size == 0) {
            break;
        }
        if (found == FC_HTTP_HEADERS_MAX) {
            return 431;
        }
        struct fc_bytes value;
        const struct fc_bytes name = fc_http_split(line, ':', &value);
        /* A folded line begins with a space and a space before the colon ends the name: no tokens.
         */
        if (name.size == line.size || !fc_http_is_token(name)) {
            return 400;
        }
        headers[found++] = (struct fc_http_header){ .name = name, .value = fc_http_trim(value) };
    }
    *count = found;
    return 0;
}

uint32_t fc_http_header_count(const struct fc_http_header *headers, uint32_t count,
                              const char *name)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        found += fc_http_equals_nocase(headers[i].name, name);
    }
    return found;
}
