/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TESTING_HTTP_H
#define ENGINE_TESTING_HTTP_H

#include <framecast/http.h>

#include "engine/testing/test.h"

/** Parse a whole head from an exactly sized copy, which *copy keeps; returns the status or 0. */
static inline int parse_request(const char *text, uint8_t **copy, struct fc_http_request *out)
{
    const size_t size = strlen(text);
    size_t scanned = 0;
    size_t head_bytes = 0;
    int status = 0;
    *copy = exact_copy(text, size);
    const enum fc_http_step step = fc_http_request_parse((struct fc_bytes){ *copy, size }, &scanned,
                                                         out, &head_bytes, &status);
    assert_int_not_equal(step, FC_HTTP_STEP_MORE);
    assert_int_equal(step == FC_HTTP_STEP_DONE, status == 0);
    return status;
}

/** The same for a response; false when it is refused. */
static inline bool parse_response(const char *text, uint8_t **copy, struct fc_http_response *out)
{
    const size_t size = strlen(text);
    size_t scanned = 0;
    size_t head_bytes = 0;
    *copy = exact_copy(text, size);
    const enum fc_http_step step =
        fc_http_response_parse((struct fc_bytes){ *copy, size }, &scanned, out, &head_bytes);
    assert_int_not_equal(step, FC_HTTP_STEP_MORE);
    return step == FC_HTTP_STEP_DONE;
}

static inline bool bytes_are(struct fc_bytes bytes, const char *string)
{
    return bytes_equal(bytes, (struct fc_bytes){ (const uint8_t *)string, strlen(string) });
}

#endif
