/* SPDX-License-Identifier: MIT */
#include "predict/spec_options.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/attr.h>

#define OPTIONS_MAX 64 /* rows of a table */
#define KEY_SIZE 64
#define NUMBER_SIZE 40

/* One KEY=VALUE on its way into the struct. */
struct reading {
    const struct spec_option *option;
    void *options;
    char value[SPEC_TEXT_SIZE]; /* decoded */
    char *why;
    size_t why_size;
};

FC_PRINTF(2, 3) static bool refuse(struct reading *reading, const char *form, ...)
{
    va_list args;
    va_start(args, form);
    vsnprintf(reading->why, reading->why_size, form, args);
    va_end(args);
    return false;
}

static void *target_of(const struct reading *reading)
{
    return (char *)reading->options + reading->option->offset;
}

static bool refuse_range(struct reading *reading)
{
    const struct spec_option *option = reading->option;
    return refuse(reading, "%s=%.64s is out of range or no number: each takes %g to %g",
                  option->key, reading->value, option->min, option->max);
}

/* The first size bytes of text, all of them, as a decimal number in range. */
static bool number_parse(const struct spec_option *option, const char *text, size_t size,
                         double *out)
{
    char copy[NUMBER_SIZE];
    if (size == 0 || size >= sizeof(copy) || strspn(text, "0123456789.eE+-") < size) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *end;
    const double value = strtod(copy, &end);
    if (*end != '\0' || !isfinite(value) || value < option->min || value > option->max) {
        return false;
    }
    *out = value;
    return true;
}

static bool whole_parse(const struct spec_option *option, const char *text, size_t size, long *out)
{
    double value = 0;
    if (!number_parse(option, text, size, &value) || value != floor(value)) {
        return false;
    }
    *out = (long)value;
    return true;
}

static bool read_text(struct reading *reading)
{
    if (reading->value[0] == '\0') {
        return refuse(reading, "%s= lacks its value", reading->option->key);
    }
    memcpy(target_of(reading), reading->value, strlen(reading->value) + 1);
    return true;
}

static bool read_whole(struct reading *reading)
{
    return whole_parse(reading->option, reading->value, strlen(reading->value),
                       target_of(reading)) ||
           refuse_range(reading);
}

static bool read_real(struct reading *reading)
{
    return number_parse(reading->option, reading->value, strlen(reading->value),
                        target_of(reading)) ||
           refuse_range(reading);
}

static bool read_reals(struct reading *reading)
{
    struct spec_reals reals = { 0 };
    const char *at = reading->value;
    for (;;) {
        const size_t size = strcspn(at, ",");
        if (reals.count == SPEC_REALS_MAX ||
            !number_parse(reading->option, at, size, &reals.values[reals.count])) {
            return refuse_range(reading);
        }
        reals.count++;
        if (at[size] == '\0') {
            break;
        }
        at += size + 1;
    }
    memcpy(target_of(reading), &reals, sizeof(reals));
    return true;
}

static bool read_choice(struct reading *reading)
{
    const char *const *choices = reading->option->choices;
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], reading->value) == 0) {
            memcpy(target_of(reading), &i, sizeof(i));
            return true;
        }
    }
    int size = snprintf(reading->why, reading->why_size, "%s=%.64s is not known: it takes",
                        reading->option->key, reading->value);
    for (size_t i = 0; choices[i] && size >= 0 && (size_t)size < reading->why_size; i++) {
        const char *joint = i == 0 ? "" : choices[i + 1] ? "," : " or";
        size += snprintf(reading->why + size, reading->why_size - (size_t)size, "%s %s", joint,
                         choices[i]);
    }
    return false;
}

static bool read_size(struct reading *reading)
{
    struct spec_size size;
    const size_t cross = strcspn(reading->value, "x");
    const char *height = reading->value + cross + 1;
    if (reading->value[cross] == '\0' ||
        !whole_parse(reading->option, reading->value, cross, &size.width) ||
        !whole_parse(reading->option, height, strlen(height), &size.height)) {
        return refuse(reading, "%s=%.64s is no size: it takes WIDTHxHEIGHT, each %g to %g",
                      reading->option->key, reading->value, reading->option->min,
                      reading->option->max);
    }
    memcpy(target_of(reading), &size, sizeof(size));
    return true;
}

static bool (*const readers[])(struct reading *reading) = {
    [SPEC_TEXT] = read_text,   [SPEC_WHOLE] = read_whole,   [SPEC_REAL] = read_real,
    [SPEC_REALS] = read_reals, [SPEC_CHOICE] = read_choice, [SPEC_SIZE] = read_size,
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool value_decode(struct reading *reading, const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < size ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < size ? hex_digit(text[i + 2]) : -1;
            const int code = high < 0 || low < 0 ? 0 : high * 16 + low;
            if (code == 0) {
                return refuse(reading, "%s= has a '%%' without two digits; write %%25 for itself",
                              reading->option->key);
            }
            c = (char)code;
            i += 2;
        }
        if (count + 1 == sizeof(reading->value)) {
            return refuse(reading, "%s= is too long", reading->option->key);
        }
        reading->value[count++] = c;
    }
    reading->value[count] = '\0';
    return true;
}

static const struct spec_option *option_find(const struct spec_option *table, const char *key,
                                             size_t size)
{
    const struct spec_option *option = table;
    while (option->key && (strlen(option->key) != size || memcmp(option->key, key, size) != 0)) {
        option++;
    }
    return option->key ? option : NULL;
}

static bool refuse_key(struct reading *reading, const struct spec_option *table, const char *key,
                       size_t key_size)
{
    int size = snprintf(reading->why, reading->why_size, "there is no option '%.*s': there are",
                        (int)(key_size < KEY_SIZE ? key_size : KEY_SIZE), key);
    for (size_t i = 0; table[i].key && size >= 0 && (size_t)size < reading->why_size; i++) {
        size += snprintf(reading->why + size, reading->why_size - (size_t)size, "%s %s",
                         i == 0 ? "" : ",", table[i].key);
    }
    return false;
}

/* One KEY=VALUE of that many bytes. */
static bool pair_read(struct reading *reading, const struct spec_option *table, const char *pair,
                      size_t size, uint64_t *seen)
{
    const char *equals = memchr(pair, '=', size);
    const size_t key_size = equals ? (size_t)(equals - pair) : size;
    reading->option = option_find(table, pair, key_size);
    if (!reading->option) {
        return refuse_key(reading, table, pair, key_size);
    }
    if (!equals) {
        return refuse(reading, "%s lacks its value: write %s=VALUE", reading->option->key,
                      reading->option->key);
    }
    assert(reading->option - table < OPTIONS_MAX);
    const uint64_t bit = UINT64_C(1) << (reading->option - table);
    if (*seen & bit) {
        return refuse(reading, "%s= comes twice", reading->option->key);
    }
    *seen |= bit;
    return value_decode(reading, equals + 1, size - key_size - 1) &&
           readers[reading->option->type](reading);
}

bool spec_options_read(const char *spec, const struct spec_option *table, void *options, char *why,
                       size_t why_size)
{
    struct reading reading = { .options = options, .why = why, .why_size = why_size };
    uint64_t seen = 0;
    const char *at = strchr(spec, '?');
    while (at && at[1] != '\0') {
        const char *pair = at + 1;
        const size_t size = strcspn(pair, "&");
        if (!pair_read(&reading, table, pair, size, &seen)) {
            return false;
        }
        at = pair[size] == '&' ? pair + size : NULL;
    }
    return true;
}

bool spec_target(const char *spec, char *target, size_t target_size)
{
    const size_t size = strcspn(spec, "?");
    if (size == 0 || size >= target_size) {
        return false;
    }
    memcpy(target, spec, size);
    target[size] = '\0';
    return true;
}
