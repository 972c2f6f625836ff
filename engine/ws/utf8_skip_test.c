/* SPDX-License-Identifier: MIT */
#include "engine/ws/utf8_skip.h"

#include "engine/testing/test.h"
#include "engine/ws/processor.h"

/*
 * Each skip function against fc_utf8_check_scalar(), which utf8_test.c holds against decoding. The
 * tests come once for each kind of processor, with the skip function as their state.
 */

enum { ALIGNMENTS = 64, SIZES = 301 };

struct variant {
    fc_utf8_skip *front;
    size_t smallest; /* from this size on it passes over all that is whole and valid */
    bool is_avx2;
};

static const struct variant *variant_of(void **state)
{
    const struct variant *variant = *state;
    if (variant->is_avx2 && !fc_has_avx2()) {
        skip();
    }
    return variant;
}

/* ---- text ---- */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % limit;
}

/* A number in its shortest form, or a longer one; surrogates and numbers too large as well. */
static size_t encode(uint8_t out[4], uint32_t code, size_t size)
{
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (uint8_t)(lead[size] | code);
    return size;
}

static size_t size_of(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

static uint32_t random_code(void)
{
    static const uint32_t limit[] = { 0, 0x80, 0x800, 0x10000, 0x110000 };
    const size_t size = 1 + random_below(4);
    const uint32_t code = limit[size - 1] + random_below(limit[size] - limit[size - 1]);
    return is_surrogate(code) ? 0x20ac : code;
}

/* Valid text of characters of all sizes and stretches of ASCII; the last one may be cut. */
static void fill_with_text(uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint8_t character[4];
        const uint32_t code = random_code();
        size_t len = encode(character, code, size_of(code));
        if (random_below(16) == 0) {
            for (size_t run = random_below(100); run > 0 && i < size; run--) {
                text[i++] = (uint8_t)('a' + run % 26);
            }
        }
        len = len < size - i ? len : size - i;
        memcpy(text + i, character, len);
        i += len;
    }
}

static void fill_at_random(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)random_below(256);
    }
}

/* ---- the judgement ---- */

static bool equal_states(const struct fc_utf8 *a, const struct fc_utf8 *b)
{
    return a->left == b->left && (a->left == 0 || (a->low == b->low && a->high == b->high));
}

/* One text by the twin, by the variant and by what the library chooses. */
struct checks {
    struct fc_utf8 slow;
    struct fc_utf8 fast;
    struct fc_utf8 chosen;
};

/* Same verdict, which is returned, and same state after it. */
static bool check_piece(const struct variant *variant, struct checks *checks, struct fc_bytes piece)
{
    const bool expected = fc_utf8_check_scalar(&checks->slow, piece);
    assert_int_equal(fc_utf8_check_by(variant->front, &checks->fast, piece), expected);
    assert_int_equal(fc_utf8_check(&checks->chosen, piece), expected);
    assert_true(!expected || equal_states(&checks->fast, &checks->slow));
    assert_true(!expected || equal_states(&checks->chosen, &checks->slow));
    return expected;
}

/* A whole text; and the skip function keeps to what it says. */
static void compare(const struct variant *variant, const uint8_t *data, size_t size)
{
    struct checks checks = { 0 };
    const bool expected = check_piece(variant, &checks, (struct fc_bytes){ data, size });
    const size_t skipped = variant->front(data, size);
    assert_true(skipped <= size);
    assert_true(fc_utf8_is_valid((struct fc_bytes){ data, skipped }));
    if (expected && size >= variant->smallest) {
        assert_int_equal(skipped, fc_utf8_without_begun(data, size));
    }
}

static void compare_text(const struct variant *variant, uint8_t *data, size_t size)
{
    fill_with_text(data, size);
    compare(variant, data, size);
    if (size > 0) {
        data[random_below((uint32_t)size)] = (uint8_t)random_below(256);
        compare(variant, data, size);
    }
}

/* ---- tests ---- */

static void equals_the_scalar_twin(void **state)
{
    const struct variant *variant = variant_of(state);
    static uint8_t data[ALIGNMENTS + SIZES];
    for (size_t at = 0; at < ALIGNMENTS; at++) {
        for (size_t size = 0; size < SIZES; size++) {
            compare_text(variant, data + at, size);
            fill_at_random(data + at, size);
            compare(variant, data + at, size);
        }
    }
}

static void large_equals_the_scalar_twin(void **state)
{
    const struct variant *variant = variant_of(state);
    static const size_t sizes[] = { 1000, 4095, 4096, 4097, 65535, 65536, 65537, 262144 };
    static uint8_t data[ALIGNMENTS + 262144];
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t at = 0; at < ALIGNMENTS; at += 21) {
            compare_text(variant, data + at, sizes[i]);
        }
    }
}

/* In a block of exactly its size, so that ASan sees a byte too much. */
static void nothing_outside_is_read(void **state)
{
    const struct variant *variant = variant_of(state);
    for (size_t size = 0; size < SIZES; size++) {
        uint8_t text[SIZES];
        fill_with_text(text, size);
        uint8_t *exact = exact_copy(text, size);
        compare(variant, exact, size);
        free(exact);
    }
}

/* What stands in the middle of ASCII is judged alike wherever vectors begin and end. */
struct inset {
    uint8_t text[128];
};

static const size_t places[] = { 0, 1, 13, 15, 29, 30, 31, 32, 61, 62, 63, 64, 93, 95, 96, 123 };

static bool is_skipped(const struct variant *variant, struct inset *inset, size_t at,
                       struct fc_bytes sequence)
{
    memcpy(inset->text + at, sequence.data, sequence.size);
    const size_t skipped = variant->front(inset->text, sizeof(inset->text));
    memset(inset->text + at, 'a', sequence.size);
    return skipped == sizeof(inset->text);
}

static void judge(const struct variant *variant, struct inset *inset, size_t at,
                  struct fc_bytes sequence)
{
    struct fc_utf8 utf8 = { 0 };
    const bool expected = fc_utf8_check_scalar(&utf8, sequence) && fc_utf8_is_complete(&utf8);
    if (is_skipped(variant, inset, at, sequence) != expected) {
        const uint8_t *s = sequence.data;
        fail_msg("%zu bytes at %zu: %02x %02x ...", sequence.size, at, s[0], s[1]);
    }
}

static struct inset ascii_inset(void)
{
    struct inset inset;
    memset(inset.text, 'a', sizeof(inset.text));
    return inset;
}

/* ThreadSanitizer has nothing to find here and makes it thirty times slower. */
#ifdef __SANITIZE_THREAD__
enum { STRIDE = 31 };
#else
enum { STRIDE = 1 };
#endif

static void all_sequences_of_three_are_judged(void **state)
{
    const struct variant *variant = variant_of(state);
    struct inset inset = ascii_inset();
    for (uint32_t n = 0; n < 0x1000000; n += STRIDE) {
        const uint8_t bytes[3] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
        judge(variant, &inset, 63, (struct fc_bytes){ bytes, 3 });
    }
}

static void all_sequences_of_two_are_judged_anywhere(void **state)
{
    const struct variant *variant = variant_of(state);
    struct inset inset = ascii_inset();
    for (size_t p = 0; p < COUNT(places); p++) {
        for (uint32_t n = 0; n < 0x10000; n++) {
            const uint8_t bytes[2] = { (uint8_t)(n >> 8), (uint8_t)n };
            judge(variant, &inset, places[p], (struct fc_bytes){ bytes, 2 });
        }
    }
}

static void four_byte_boundaries_are_judged(void **state)
{
    const struct variant *variant = variant_of(state);
    static const uint8_t edge[] = { 0x7f, 0x80, 0xbf, 0xc0 };
    struct inset inset = ascii_inset();
    for (uint32_t n = 0; n < 0x20 * 0x100 * COUNT(edge) * COUNT(edge); n++) {
        const uint8_t bytes[4] = { (uint8_t)(0xe0 | (n & 0x1f)), (uint8_t)(n >> 5),
                                   edge[(n >> 13) % COUNT(edge)], edge[(n >> 15) % COUNT(edge)] };
        for (size_t p = 3; p < COUNT(places); p += 2) {
            judge(variant, &inset, places[p], (struct fc_bytes){ bytes, 4 });
        }
    }
}

/* Every number that four bytes hold, in each form that holds it: the shortest alone is good. */
static void every_number_is_judged_in_every_form(void **state)
{
    const struct variant *variant = variant_of(state);
    struct inset inset = ascii_inset();
    static const uint32_t limit[] = { 0, 0, 0x800, 0x10000, 0x200000 };
    for (size_t size = 2; size <= 4; size++) {
        for (uint32_t code = 0; code < limit[size]; code++) {
            uint8_t bytes[4];
            encode(bytes, code, size);
            const bool is_good = size == size_of(code) && !is_surrogate(code) && code <= 0x10ffff;
            const size_t at = 20 + code % 101;
            if (is_skipped(variant, &inset, at, (struct fc_bytes){ bytes, size }) != is_good) {
                fail_msg("U+%04X in %zu bytes at %zu", code, size, at);
            }
        }
    }
}

static void compare_pieces(const struct variant *variant, const uint8_t *text, const size_t cuts[4])
{
    struct checks checks = { 0 };
    bool is_valid = true;
    for (size_t i = 0; i < 3 && is_valid; i++) {
        const struct fc_bytes piece = { text + cuts[i], cuts[i + 1] - cuts[i] };
        is_valid = check_piece(variant, &checks, piece);
    }
}

static void cuts_change_nothing(void **state)
{
    const struct variant *variant = variant_of(state);
    enum { SIZE = 200 };
    for (int round = 0; round < 8; round++) {
        uint8_t text[SIZE];
        fill_with_text(text, SIZE);
        if (round % 2 == 1) {
            text[SIZE / 2 + random_below(SIZE / 2)] ^= 0x40;
        }
        for (size_t a = 0; a <= SIZE; a++) {
            for (size_t b = a; b <= SIZE; b++) {
                compare_pieces(variant, text, (const size_t[]){ 0, a, b, SIZE });
            }
        }
    }
}

/* A character that a piece left open is not forgotten over a fast look at the next. */
static void ascii_does_not_end_a_character(void **state)
{
    static const char *const begun[] = { "\xc2", "\xe1", "\xe1\x80", "\xf1\x80\x80" };
    const struct variant *variant = variant_of(state);
    const struct inset inset = ascii_inset();
    for (size_t i = 0; i < COUNT(begun); i++) {
        for (size_t size = 1; size <= sizeof(inset.text); size++) {
            struct checks checks = { 0 };
            const struct fc_bytes first = { (const uint8_t *)begun[i], strlen(begun[i]) };
            assert_true(check_piece(variant, &checks, first));
            assert_false(check_piece(variant, &checks, (struct fc_bytes){ inset.text, size }));
        }
    }
}

/* The first byte that nothing valid can follow is enough, in vectors as byte by byte. */
static void failure_is_early(void **state)
{
    static const char *const prefix[] = { "\xc0",     "\xf5",         "\xe0\x9f",
                                          "\xed\xa0", "\xf0\x8f",     "\xf4\x90",
                                          "\xc2\x41", "\xe1\x80\x41", "\x80" };
    const struct variant *variant = variant_of(state);
    for (size_t i = 0; i < COUNT(prefix); i++) {
        const size_t len = strlen(prefix[i]);
        for (size_t at = 0; at < 120; at++) {
            struct inset inset = ascii_inset();
            memcpy(inset.text + at, prefix[i], len);
            struct fc_utf8 utf8 = { 0 };
            const struct fc_bytes text = { inset.text, at + len };
            assert_false(fc_utf8_check_by(variant->front, &utf8, text));
            assert_true(fc_utf8_check_by(variant->front, &utf8,
                                         (struct fc_bytes){ text.data, text.size - 1 }));
        }
    }
}

/* clang-format off */
#define WITH(variant, test) { #variant " " #test, (test), NULL, NULL, &(variant) }
/* clang-format on */

int main(void)
{
    static struct variant any = { .front = fc_utf8_skip_any };
    static struct variant avx2 = { .front = fc_utf8_skip_avx2, .smallest = 35, .is_avx2 = true };
    const struct CMUnitTest tests[] = {
        WITH(any, equals_the_scalar_twin),
        WITH(any, large_equals_the_scalar_twin),
        WITH(any, nothing_outside_is_read),
        WITH(any, all_sequences_of_three_are_judged),
        WITH(any, all_sequences_of_two_are_judged_anywhere),
        WITH(any, four_byte_boundaries_are_judged),
        WITH(any, every_number_is_judged_in_every_form),
        WITH(any, cuts_change_nothing),
        WITH(any, ascii_does_not_end_a_character),
        WITH(any, failure_is_early),
        WITH(avx2, equals_the_scalar_twin),
        WITH(avx2, large_equals_the_scalar_twin),
        WITH(avx2, nothing_outside_is_read),
        WITH(avx2, all_sequences_of_three_are_judged),
        WITH(avx2, all_sequences_of_two_are_judged_anywhere),
        WITH(avx2, four_byte_boundaries_are_judged),
        WITH(avx2, every_number_is_judged_in_every_form),
        WITH(avx2, cuts_change_nothing),
        WITH(avx2, ascii_does_not_end_a_character),
        WITH(avx2, failure_is_early),
    };
    return cmocka_run_group_tests_name("ws/utf8_skip", tests, NULL, NULL);
}
