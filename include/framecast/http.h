/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_HTTP_H
#define FRAMECAST_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

/* HTTP/1.1 message heads (RFC 9112), parsed strictly and without any I/O. */

FC_BEGIN

#define FC_HTTP_HEADERS_MAX 64
#define FC_HTTP_HEAD_MAX_BYTES 16384
#define FC_HTTP_TARGET_MAX_BYTES 8192

enum fc_http_method {
    FC_HTTP_GET,
    FC_HTTP_HEAD,
    FC_HTTP_POST,
    FC_HTTP_OPTIONS,
    FC_HTTP_OTHER,
};

struct fc_http_header {
    struct fc_bytes name;
    struct fc_bytes value; /* without surrounding white space */
};

/** A parsed request head; everything points into the bytes that were parsed. Threads: any. */
struct fc_http_request {
    enum fc_http_method method;
    struct fc_bytes method_name;
    struct fc_bytes path;  /* of the target, without the query; still percent-encoded */
    struct fc_bytes query; /* after the first '?', may be empty */
    int minor_version;     /* of HTTP/1.x: 0 or 1 */
    uint32_t header_count;
    struct fc_http_header headers[FC_HTTP_HEADERS_MAX];
    uint64_t content_length; /* 0 without a body */
    bool is_chunked;
    bool is_keep_alive;    /* what the version and Connection ask for */
    bool expects_continue; /* Expect: 100-continue */
};

/** A parsed response head, for clients. Threads: any. */
struct fc_http_response {
    int status;
    int minor_version;
    uint32_t header_count;
    struct fc_http_header headers[FC_HTTP_HEADERS_MAX];
};

enum fc_http_step {
    FC_HTTP_STEP_MORE, /* the head is not complete yet */
    FC_HTTP_STEP_DONE,
    FC_HTTP_STEP_FAIL, /* answer with *status and close */
};

/**
 * Parse a request head from its first byte.
 *
 * Consumes nothing until it can consume all. *scanned is 0 for a new head and remembers how far
 * the end of the head has been looked for, so that a head which arrives byte by byte costs no more
 * than one that arrives at once.
 *
 * Errors:    FAIL with *status one of 400, 414 (target over 8 KiB), 431 (head or headers over the
 *            limits), 501 (a transfer coding other than chunked), 505 (not HTTP/1.x).
 * Ownership: *out points into in.
 * Threads:   any.
 * Spec:      RFC 9112 sections 2 to 6; bare CR, bare LF, obs-fold, white space before a colon, two
 *            Host headers, none in HTTP/1.1, and Content-Length beside Transfer-Encoding fail.
 */
FC_API FC_NODISCARD enum fc_http_step fc_http_request_parse(struct fc_bytes in, size_t *scanned,
                                                            struct fc_http_request *out,
                                                            size_t *head_bytes, int *status);

/** Parse a response head; otherwise as fc_http_request_parse(). */
FC_API FC_NODISCARD enum fc_http_step fc_http_response_parse(struct fc_bytes in, size_t *scanned,
                                                             struct fc_http_response *out,
                                                             size_t *head_bytes);

/** The value of the first header of that name (any case), or NULL. Threads: any. */
FC_API const struct fc_bytes *fc_http_header_find(const struct fc_http_header *headers,
                                                  uint32_t count, const char *name);

/** True when any header of that name lists the token (any case). Spec: RFC 9110 section 5.6.1. */
FC_API bool fc_http_header_has_token(const struct fc_http_header *headers, uint32_t count,
                                     const char *name, const char *token);

/**
 * Copy one parameter of a query or form ("a=1&b=2"), percent-decoded, zero-terminated.
 *
 * Errors:    false, *out untouched, when it is absent; also when it is too long for the room, is
 *            not valid percent-encoding or contains a zero byte.
 */
FC_API bool fc_http_query_get(struct fc_bytes query, const char *name, char *out, size_t out_size);

/** Decode a path's percent-encoding, zero-terminated. Errors: false as fc_http_query_get(). */
FC_API bool fc_http_path_decode(struct fc_bytes path, char *out, size_t out_size);

/** The standard reason phrase, "" for an unknown status. Threads: any. */
FC_API const char *fc_http_reason(int status);

FC_END

#endif
