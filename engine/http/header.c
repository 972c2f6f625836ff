/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include "engine/http/token.h"

const struct fc_bytes *fc_http_header_find(const struct fc_http_header *headers, uint32_t count,
                                           const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fc_http_equals_nocase(headers[i].name, name)) {
            return &headers[i].value;
        }
    }
    return NULL;
}

static bool list_has(struct fc_bytes list, const char *token)
{
    while (list.size > 0) {
        const struct fc_bytes element = fc_http_split(list, ',', &list);
        if (fc_http_equals_nocase(fc_http_trim(element), token)) {
            return true;
        }
    }
    return false;
}

bool fc_http_header_has_token(const struct fc_http_header *headers, uint32_t count,
                              const char *name, const char *token)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fc_http_equals_nocase(headers[i].name, name) && list_has(headers[i].value, token)) {
            return true;
        }
    }
    return false;
}
