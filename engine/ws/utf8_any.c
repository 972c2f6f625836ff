/* SPDX-License-Identifier: MIT */
#include "engine/ws/utf8_skip.h"

#include <string.h>

/*
 * A state machine without branches. A state is a bit position, and the row of a byte's class holds
 * the next state at that position: a step is one shift, and finding the row does not wait for the
 * step before. What goes from where is the table of RFC 3629 section 4, drawn in utf8.c.
 */

enum state {
    WRONG = 0, /* a row has nothing at this position: wrong stays wrong */
    BETWEEN = 6,
    ONE_LEFT = 12,
    TWO_LEFT = 18,
    THREE_LEFT = 24,
    AFTER_E0 = 30,
    AFTER_ED = 36,
    AFTER_F0 = 42,
    AFTER_F4 = 48,
    STATE_BITS = 63,
};

enum class { ASCII, X80, X90, XA0, BAD, LEAD2, XE0, LEAD3, XED, XF0, LEAD4, XF4, CLASS_COUNT };

#define GO(from, to) ((uint64_t)(to) << (from))
#define GO_INSIDE (GO(ONE_LEFT, BETWEEN) | GO(TWO_LEFT, ONE_LEFT) | GO(THREE_LEFT, TWO_LEFT))

static const uint64_t row_of[CLASS_COUNT] = {
    [ASCII] = GO(BETWEEN, BETWEEN),
    [X80] = GO_INSIDE | GO(AFTER_ED, ONE_LEFT) | GO(AFTER_F4, TWO_LEFT),
    [X90] = GO_INSIDE | GO(AFTER_ED, ONE_LEFT) | GO(AFTER_F0, TWO_LEFT),
    [XA0] = GO_INSIDE | GO(AFTER_E0, ONE_LEFT) | GO(AFTER_F0, TWO_LEFT),
    [BAD] = 0,
    [LEAD2] = GO(BETWEEN, ONE_LEFT),
    [XE0] = GO(BETWEEN, AFTER_E0),
    [LEAD3] = GO(BETWEEN, TWO_LEFT),
    [XED] = GO(BETWEEN, AFTER_ED),
    [XF0] = GO(BETWEEN, AFTER_F0),
    [LEAD4] = GO(BETWEEN, THREE_LEFT),
    [XF4] = GO(BETWEEN, AFTER_F4),
};

#define EIGHT(class) class, class, class, class, class, class, class, class
#define SIXTEEN(class) EIGHT(class), EIGHT(class)

/* clang-format off */
static const uint8_t class_of[256] = {
    /* 00 */ SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII),
    /* 40 */ SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII),
    /* 80 */ SIXTEEN(X80), SIXTEEN(X90), SIXTEEN(XA0), SIXTEEN(XA0),
    /* C0 */ BAD, BAD, LEAD2, LEAD2, LEAD2, LEAD2, LEAD2, LEAD2, EIGHT(LEAD2), SIXTEEN(LEAD2),
    /* E0 */ XE0, LEAD3, LEAD3, LEAD3, LEAD3, LEAD3, LEAD3, LEAD3,
    /* E8 */ LEAD3, LEAD3, LEAD3, LEAD3, LEAD3, XED, LEAD3, LEAD3,
    /* F0 */ XF0, LEAD4, LEAD4, LEAD4, XF4, BAD, BAD, BAD, EIGHT(BAD),
};
/* clang-format on */

enum { STEPS_BYTES = 16, ASCII_BYTES = 64 };

typedef uint64_t vector __attribute__((vector_size(STEPS_BYTES)));

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline bool is_ascii_word(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof(word));
    return (word & HIGH_BITS) == 0;
}

static inline bool is_ascii_vector(const uint8_t *data)
{
    vector v;
    memcpy(&v, data, sizeof(v));
    return ((v[0] | v[1]) & HIGH_BITS) == 0;
}

static inline bool is_ascii_block(const uint8_t *data)
{
    vector v[ASCII_BYTES / sizeof(vector)];
    memcpy(v, data, sizeof(v));
    v[0] |= v[1] | v[2] | v[3];
    return ((v[0][0] | v[0][1]) & HIGH_BITS) == 0;
}

/* Bytes at the front that are ASCII, as far as whole vectors of them go. */
static size_t skip_ascii(const uint8_t *data, size_t size)
{
    size_t i = 0;
    while (size - i >= ASCII_BYTES && is_ascii_block(data + i)) {
        i += ASCII_BYTES;
    }
    while (size - i >= STEPS_BYTES && is_ascii_vector(data + i)) {
        i += STEPS_BYTES;
    }
    return i;
}

/* The state that @p size bytes lead to. */
static inline uint64_t steps(uint64_t state, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        state = row_of[class_of[data[i]]] >> (state & STATE_BITS);
    }
    return state & STATE_BITS;
}

/* What is less than a vector, from @p at on: a word that ends it shows ASCII at once. */
static size_t skip_rest(uint64_t state, const uint8_t *data, size_t at, size_t size)
{
    const size_t word = sizeof(uint64_t);
    if (state == BETWEEN && size - at >= word && is_ascii_word(data + at)) {
        at += word;
    }
    if (state == BETWEEN && size >= word && size - at <= word &&
        is_ascii_word(data + size - word)) {
        return size;
    }
    return fc_utf8_without_begun(data, steps(state, data + at, size - at) == WRONG ? at : size);
}

/* Whether a vector is ASCII is asked whatever the state: in most text the answer hardly changes. */
size_t fc_utf8_skip_any(const uint8_t *data, size_t size)
{
    uint64_t state = BETWEEN;
    size_t i = skip_ascii(data, size);
    while (size - i >= STEPS_BYTES) {
        state = steps(state, data + i, STEPS_BYTES);
        if (state == WRONG) {
            return fc_utf8_without_begun(data, i);
        }
        i += STEPS_BYTES;
        if (size - i >= STEPS_BYTES && is_ascii_vector(data + i) && state == BETWEEN) {
            i += skip_ascii(data + i, size - i);
        }
    }
    return skip_rest(state, data, i, size);
}
