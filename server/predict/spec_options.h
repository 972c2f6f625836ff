/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_SPEC_OPTIONS_H
#define PREDICT_SPEC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What follows a predictor's name, written as the query of a URL is:
 *
 *     face.onnx?decoder=ultraface&threshold=0.7&labels=my%20labels.txt
 *
 * A kind declares its options as a table, and the struct that they go into.
 */

#define SPEC_TEXT_SIZE 1024
#define SPEC_REALS_MAX 4

enum spec_type {
    SPEC_TEXT,   /* char[SPEC_TEXT_SIZE]; never empty */
    SPEC_WHOLE,  /* long, within min and max */
    SPEC_REAL,   /* double, within min and max */
    SPEC_REALS,  /* struct spec_reals: some, with commas between, each within min and max */
    SPEC_CHOICE, /* int: the place in choices */
    SPEC_SIZE,   /* struct spec_size: WIDTHxHEIGHT, each within min and max */
};

struct spec_reals {
    unsigned count; /* 0: not given */
    double values[SPEC_REALS_MAX];
};

struct spec_size {
    long width, height;
};

struct spec_option {
    const char *key;
    enum spec_type type;
    size_t offset; /* of the value in the struct */
    double min, max;
    const char *const *choices; /* ends in NULL */
};

/**
 * Read the options of TARGET?KEY=VALUE&KEY=VALUE. What is not given stays as it was in options.
 * Values may be percent-encoded.
 *
 * @param table  ends with a NULL key
 *
 * Errors:    false with a sentence in why: a key that the table lacks or that comes twice, a value
 *            of another form. What was read before it stays.
 * Threads:   any.
 */
bool spec_options_read(const char *spec, const struct spec_option *table, void *options, char *why,
                       size_t why_size);

/**
 * Copy what is before the first '?', as it is.
 *
 * Errors:    false when it is empty or does not fit.
 * Threads:   any.
 */
bool spec_target(const char *spec, char *target, size_t target_size);

#endif
