/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_HTTP_H
#define FUZZ_HTTP_H

#include <framecast/http.h>

#include "engine/http/token.h"
#include "fuzz/fuzz.h"

/* What the targets for request and response heads share. */

/** True when the part lies in the whole; an empty one may be nowhere. */
static inline bool fuzz_lies_in(struct fc_bytes part, struct fc_bytes whole)
{
    return part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

/** Every header is a token and a trimmed value without control characters, in the order given. */
static inline void fuzz_check_headers(struct fc_bytes head, const struct fc_http_header *headers,
                                      uint32_t count)
{
    const uint8_t *last_end = head.data;
    FUZZ_CHECK(count <= FC_HTTP_HEADERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct fc_bytes name = headers[i].name;
        const struct fc_bytes value = headers[i].value;
        FUZZ_CHECK(fc_http_is_token(name) && fuzz_lies_in(name, head) && name.data >= last_end);
        FUZZ_CHECK(fuzz_lies_in(value, head) && fc_http_trim(value).size == value.size);
        last_end = name.data + name.size;
        if (value.size > 0) {
            FUZZ_CHECK(value.data > last_end);
            FUZZ_CHECK(!memchr(value.data, '\r', value.size));
            FUZZ_CHECK(!memchr(value.data, '\n', value.size));
            FUZZ_CHECK(!memchr(value.data, '\0', value.size));
            last_end = value.data + value.size;
        }
    }
}

/** A head that is written, to be read again. */
struct fuzz_text {
    size_t size;
    uint8_t data[2 * FC_HTTP_HEAD_MAX_BYTES];
};

static inline void fuzz_add(struct fuzz_text *text, struct fc_bytes bytes)
{
    FUZZ_CHECK(bytes.size <= sizeof(text->data) - text->size);
    if (bytes.size > 0) {
        memcpy(text->data + text->size, bytes.data, bytes.size);
    }
    text->size += bytes.size;
}

static inline void fuzz_add_string(struct fuzz_text *text, const char *string)
{
    fuzz_add(text, (struct fc_bytes){ (const uint8_t *)string, strlen(string) });
}

static inline void fuzz_add_headers(struct fuzz_text *text, const struct fc_http_header *headers,
                                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fuzz_add(text, headers[i].name);
        fuzz_add_string(text, ":");
        fuzz_add(text, headers[i].value);
        fuzz_add_string(text, "\r\n");
    }
    fuzz_add_string(text, "\r\n");
}

#endif
