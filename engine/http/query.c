/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include <string.h>

#include "engine/http/token.h"

/* Percent-encoding (RFC 3986 section 2.1), and the form encoding in which '+' is a space. */

enum { INVALID = -1 };

static int hex_digit(uint8_t c)
{
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return fc_http_digit(c);
}

/* Take one decoded character from the front; INVALID for broken encoding or a zero byte. */
static int take_char(struct fc_bytes *text, bool is_form)
{
    size_t size = 1;
    int c = text->data[0];
    if (c == '%') {
        if (text->size < 3) {
            return INVALID;
        }
        const int high = hex_digit(text->data[1]);
        const int low = hex_digit(text->data[2]);
        if (high < 0 || low < 0) {
            return INVALID;
        }
        c = high * 16 + low;
        size = 3;
    } else if (is_form && c == '+') {
        c = ' ';
    }
    text->data += size;
    text->size -= size;
    return c != 0 ? c : INVALID;
}

/* How many bytes it decodes to, or false. */
static bool measure(struct fc_bytes text, bool is_form, size_t *out)
{
    size_t size = 0;
    while (text.size > 0) {
        if (take_char(&text, is_form) == INVALID) {
            return false;
        }
        size++;
    }
    *out = size;
    return true;
}

/* Measured before anything is written, so that the room is untouched on failure. */
static bool decode(struct fc_bytes text, bool is_form, char *out, size_t out_size)
{
    size_t size;
    if (!measure(text, is_form, &size) || size >= out_size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (char)take_char(&text, is_form);
    }
    out[size] = '\0';
    return true;
}

static bool name_is(struct fc_bytes encoded, const char *name)
{
    size_t at = 0;
    while (encoded.size > 0) {
        const int c = take_char(&encoded, true);
        if (c == INVALID || c != (uint8_t)name[at]) {
            return false; /* also at the end of name, because c is not zero */
        }
        at++;
    }
    return name[at] == '\0';
}

bool fc_http_query_get(struct fc_bytes query, const char *name, char *out, size_t out_size)
{
    while (query.size > 0) {
        struct fc_bytes value;
        const struct fc_bytes pair = fc_http_split(query, '&', &query);
        if (name_is(fc_http_split(pair, '=', &value), name)) {
            return decode(value, true, out, out_size);
        }
    }
    return false;
}

bool fc_http_path_decode(struct fc_bytes path, char *out, size_t out_size)
{
    return decode(path, false, out, out_size);
}
