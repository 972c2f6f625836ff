/* SPDX-License-Identifier: MIT */
#include "engine/http/token.h"

#include <string.h>

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_token_char(uint8_t c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool fc_http_is_token(struct fc_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_token_char(text.data[i])) {
            return false;
        }
    }
    return text.size > 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct fc_bytes fc_http_trim(struct fc_bytes text)
{
    while (text.size > 0 && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

struct fc_bytes fc_http_split(struct fc_bytes text, char mark, struct fc_bytes *rest)
{
    const uint8_t *at = text.size > 0 ? memchr(text.data, mark, text.size) : NULL;
    if (!at) {
        *rest = (struct fc_bytes){ 0 };
        return text;
    }
    const size_t before = (size_t)(at - text.data);
    *rest = (struct fc_bytes){ at + 1, text.size - before - 1 };
    return (struct fc_bytes){ text.data, before };
}

bool fc_http_equals(struct fc_bytes text, const char *string)
{
    const size_t size = strlen(string);
    return text.size == size && (size == 0 || memcmp(text.data, string, size) == 0);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool fc_http_equals_nocase(struct fc_bytes text, const char *string)
{
    if (text.size != strlen(string)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (lower(text.data[i]) != lower((uint8_t)string[i])) {
            return false;
        }
    }
    return true;
}

int fc_http_digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : -1;
}
