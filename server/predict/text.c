/* SPDX-License-Identifier: MIT */
#include "predict/text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/*
 * Jansson judges what others wrote: strings that need escapes and a predictor's data, whose numbers
 * then keep their digits because the text is copied, without the white space.
 */

#define TEXT_FIRST_SIZE 1024
#define ESCAPE_MAX 6 /* a control character becomes \u0001 */

/* Room for that many bytes more; NULL once memory is short. */
static char *text_room(struct text *text, size_t more)
{
    if (text->is_short) {
        return NULL;
    }
    if (text->capacity - text->size < more) {
        const size_t doubled = text->capacity ? text->capacity * 2 : TEXT_FIRST_SIZE;
        const size_t capacity = doubled - text->size < more ? text->size + more : doubled;
        char *data = realloc(text->data, capacity);
        if (!data) {
            text->is_short = true;
            return NULL;
        }
        text->data = data;
        text->capacity = capacity;
    }
    return text->data + text->size;
}

void text_put(struct text *text, const char *bytes, size_t size)
{
    char *room = text_room(text, size);
    if (room) {
        memcpy(room, bytes, size);
        text->size += size;
    }
}

void text_put_words(struct text *text, const char *string)
{
    text_put(text, string, strlen(string));
}

void text_print(struct text *text, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < sizeof(line));
    text_put(text, line, (size_t)size);
}

void text_put_decimal(struct text *text, int64_t value, int decimals)
{
    char digits[32];
    int64_t unit = 1;
    for (int i = 0; i < decimals; i++) {
        unit *= 10;
    }
    const uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int size = snprintf(digits, sizeof(digits), "%s%" PRIu64 ".%0*" PRIu64, value < 0 ? "-" : "",
                        magnitude / (uint64_t)unit, decimals, magnitude % (uint64_t)unit);
    while (digits[size - 1] == '0' && digits[size - 2] != '.') {
        size--;
    }
    text_put(text, digits, (size_t)size);
}

void text_put_number(struct text *text, double value, int decimals)
{
    const double limit = 1e9;
    double sane = isfinite(value) ? value : 0;
    sane = sane < -limit ? -limit : sane > limit ? limit : sane;
    text_put_decimal(text, llround(sane * pow(10, decimals)), decimals);
}

static bool needs_no_escape(const char *string)
{
    for (const char *c = string; *c; c++) {
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') {
            return false;
        }
    }
    return true;
}

static json_t *string_of(const char *string)
{
    json_t *value = json_string(string);
    if (value) {
        return value;
    }
    char *ascii = strdup(string); /* not UTF-8, or no memory */
    if (!ascii) {
        return NULL;
    }
    for (char *c = ascii; *c; c++) {
        *c = *c & 0x80 ? '?' : *c;
    }
    value = json_string(ascii);
    free(ascii);
    return value;
}

void text_put_quoted(struct text *text, const char *string)
{
    if (needs_no_escape(string)) {
        text_put(text, "\"", 1);
        text_put_words(text, string);
        text_put(text, "\"", 1);
        return;
    }
    const size_t most = strlen(string) * ESCAPE_MAX + 2;
    char *room = text_room(text, most);
    json_t *value = room ? string_of(string) : NULL;
    if (!value) {
        text->is_short = true;
        return;
    }
    const size_t size = json_dumpb(value, room, most, JSON_ENCODE_ANY);
    json_decref(value);
    assert(size > 0 && size <= most);
    text->size += size;
}

static bool is_json(const char *data)
{
    json_t *value = json_loads(data, JSON_DECODE_ANY, NULL);
    const bool is_value = value;
    json_decref(value);
    return is_value;
}

void text_put_json(struct text *text, const char *data)
{
    if (!data || !is_json(data)) {
        text_put_words(text, "null");
        return;
    }
    char *room = text_room(text, strlen(data));
    if (!room) {
        return;
    }
    char *end = room;
    bool is_string = false;
    for (const char *c = data; *c; c++) {
        if (is_string && *c == '\\') {
            *end++ = *c++;
        } else if (*c == '"') {
            is_string = !is_string;
        } else if (!is_string && strchr(" \t\r\n", *c)) {
            continue;
        }
        *end++ = *c;
    }
    text->size += (size_t)(end - room);
}

char *text_finish(struct text *text, size_t *size)
{
    text_put(text, "", 1);
    if (text->is_short) {
        free(text->data);
        return NULL;
    }
    *size = text->size - 1;
    return text->data;
}
