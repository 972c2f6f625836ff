/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include <string.h>

#include "engine/http/head.h"
#include "engine/http/token.h"

/*
 * A request head (RFC 9112 sections 3, 6 and 9.3). Whatever could be read in two ways, by us and by
 * a proxy in front of us, is refused.
 */

static enum fc_http_method method_of(struct fc_bytes name)
{
    static const struct {
        const char *name;
        enum fc_http_method method;
    } known[] = {
        { "GET", FC_HTTP_GET },
        { "HEAD", FC_HTTP_HEAD },
        { "POST", FC_HTTP_POST },
        { "OPTIONS", FC_HTTP_OPTIONS },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (fc_http_equals(name, known[i].name)) {
            return known[i].method;
        }
    }
    return FC_HTTP_OTHER;
}

static bool target_has_valid_chars(struct fc_bytes target)
{
    for (size_t i = 0; i < target.size; i++) {
        const uint8_t c = target.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '#') {
            return false;
        }
    }
    return true;
}

/* The path and query of "http://host/path?query"; RFC 9112 section 3.2.2. */
static bool strip_authority(struct fc_bytes *target)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const size_t size = strlen(schemes[i]);
        const struct fc_bytes scheme = { target->data, size };
        if (target->size <= size || !fc_http_equals_nocase(scheme, schemes[i])) {
            continue;
        }
        size_t at = size;
        while (at < target->size && target->data[at] != '/' && target->data[at] != '?') {
            at++;
        }
        if (at == size) {
            return false;
        }
        *target = (struct fc_bytes){ target->data + at, target->size - at };
        return true;
    }
    return false;
}

static int parse_target(struct fc_bytes target, struct fc_http_request *out)
{
    if (target.size > FC_HTTP_TARGET_MAX_BYTES) {
        return 414;
    }
    if (target.size == 0 || !target_has_valid_chars(target)) {
        return 400;
    }
    const bool is_asterisk = out->method == FC_HTTP_OPTIONS && fc_http_equals(target, "*");
    if (target.data[0] != '/' && !is_asterisk && !strip_authority(&target)) {
        return 400;
    }
    out->path = fc_http_split(target, '?', &out->query);
    if (out->path.size == 0) {
        out->path = (struct fc_bytes){ (const uint8_t *)"/", 1 };
    }
    return 0;
}

static int parse_line(struct fc_bytes line, struct fc_http_request *out)
{
    struct fc_bytes rest;
    struct fc_bytes version;
    out->method_name = fc_http_split(line, ' ', &rest);
    const struct fc_bytes target = fc_http_split(rest, ' ', &version);
    if (!fc_http_is_token(out->method_name)) {
        return 400;
    }
    out->method = method_of(out->method_name);
    const int status = fc_http_version_parse(version, &out->minor_version);
    return status ? status : parse_target(target, out);
}

static uint32_t count_of(const struct fc_http_request *r, const char *name)
{
    return fc_http_header_count(r->headers, r->header_count, name);
}

static bool has_token(const struct fc_http_request *r, const char *name, const char *token)
{
    return fc_http_header_has_token(r->headers, r->header_count, name, token);
}

static bool host_has_valid_chars(struct fc_bytes host)
{
    for (size_t i = 0; i < host.size; i++) {
        const uint8_t c = host.data[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"#/<>?@\\^`{|}", c)) {
            return false;
        }
    }
    return true;
}

static int check_host(const struct fc_http_request *r)
{
    const uint32_t count = count_of(r, "Host");
    if (count > 1 || (count == 0 && r->minor_version > 0)) {
        return 400;
    }
    const struct fc_bytes *host = fc_http_header_find(r->headers, r->header_count, "Host");
    return host && !host_has_valid_chars(*host) ? 400 : 0;
}

static bool parse_length(struct fc_bytes text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        const int digit = fc_http_digit(text.data[i]);
        if (digit < 0 || value > (INT64_MAX - 9) / 10) {
            return false;
        }
        value = value * 10 + (uint64_t)digit;
    }
    *out = value;
    return text.size > 0;
}

/* How long the body is; RFC 9112 section 6.3 without its room for repairs. */
static int parse_framing(struct fc_http_request *r)
{
    const uint32_t lengths = count_of(r, "Content-Length");
    const uint32_t codings = count_of(r, "Transfer-Encoding");
    if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) {
        return 400;
    }
    if (codings > 0) {
        const struct fc_bytes *coding =
            fc_http_header_find(r->headers, r->header_count, "Transfer-Encoding");
        if (r->minor_version == 0) {
            return 400;
        }
        r->is_chunked = fc_http_equals_nocase(*coding, "chunked");
        return r->is_chunked ? 0 : 501;
    }
    const struct fc_bytes *length =
        fc_http_header_find(r->headers, r->header_count, "Content-Length");
    return length && !parse_length(*length, &r->content_length) ? 400 : 0;
}

static void parse_connection(struct fc_http_request *r)
{
    const bool wants_close = has_token(r, "Connection", "close");
    const bool wants_more = r->minor_version > 0 || has_token(r, "Connection", "keep-alive");
    r->is_keep_alive = wants_more && !wants_close;
    r->expects_continue = r->minor_version > 0 && has_token(r, "Expect", "100-continue");
}

/* The whole head has arrived. Returns a status to fail with, or 0. */
static int parse_head(struct fc_bytes head, struct fc_http_request *out)
{
    struct fc_bytes line = fc_http_head_line(&head);
    if (line.size == 0) { /* the one empty line that may come first */
        line = fc_http_head_line(&head);
    }
    int status = parse_line(line, out);
    if (status) {
        return status;
    }
    status = fc_http_headers_parse(head, out->headers, &out->header_count);
    if (status) {
        return status;
    }
    status = check_host(out);
    if (status) {
        return status;
    }
    parse_connection(out);
    return parse_framing(out);
}

/* Too much came without an end: was it the target or the rest? */
static int status_of_endless(struct fc_bytes in)
{
    return memchr(in.data, '\n', FC_HTTP_HEAD_MAX_BYTES) ? 431 : 414;
}

enum fc_http_step fc_http_request_parse(struct fc_bytes in, size_t *scanned,
                                        struct fc_http_request *out, size_t *head_bytes,
                                        int *status)
{
    size_t size = 0;
    const enum fc_http_step step = fc_http_head_scan(in, scanned, &size);
    if (step == FC_HTTP_STEP_FAIL) {
        *status = 400;
        return FC_HTTP_STEP_FAIL;
    }
    if (step == FC_HTTP_STEP_MORE) {
        if (in.size < FC_HTTP_HEAD_MAX_BYTES) {
            return FC_HTTP_STEP_MORE;
        }
        *status = status_of_endless(in);
        return FC_HTTP_STEP_FAIL;
    }

    *out = (struct fc_http_request){ 0 };
    const int failure = parse_head((struct fc_bytes){ in.data, size }, out);
    if (failure) {
        *status = failure;
        return FC_HTTP_STEP_FAIL;
    }
    *head_bytes = size;
    return FC_HTTP_STEP_DONE;
}
