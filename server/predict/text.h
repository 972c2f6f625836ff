/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_TEXT_H
#define PREDICT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

/*
 * JSON written as text rather than built as a tree: numbers come out exactly as rounded (a double
 * printed with 16 digits shows 9.95 as 9.949999999999999), and a prediction costs one or two
 * allocations instead of ten for each object.
 *
 * Zero is an empty one. Once memory is short nothing more is put, and text_finish() says so.
 * Threads: one at a time.
 */
struct text {
    char *data; /* owned */
    size_t size, capacity;
    bool is_short; /* of memory; sticks */
};

void text_put(struct text *text, const char *bytes, size_t size);

/** As they are. */
void text_put_words(struct text *text, const char *words);

/** At most 255 bytes. */
void text_print(struct text *text, const char *format, ...) FC_PRINTF(2, 3);

/** value / 10^decimals, without the zeros at the end but for one. */
void text_put_decimal(struct text *text, int64_t value, int decimals);

/** The same of what a predictor gave, which may be anything at all: NaN is 0, and 10^9 the most. */
void text_put_number(struct text *text, double value, int decimals);

/** In quotes, with escapes. Of what is not UTF-8 each byte that is not ASCII becomes '?'. */
void text_put_quoted(struct text *text, const char *string);

/** JSON that somebody else wrote, without its white space; null for NULL and what is not valid. */
void text_put_json(struct text *text, const char *data);

/**
 * End it.
 *
 * Errors:    NULL when memory was short.
 * Ownership: gives *size bytes and a zero, to be released with free().
 */
FC_NODISCARD char *text_finish(struct text *text, size_t *size);

#endif
