/* SPDX-License-Identifier: MIT */

/*
 * Property: the check of UTF-8, by every skip function, byte by byte and in whatever pieces, says
 * of a text what a decoder says that computes each character and asks RFC 3629 about its value.
 * A text is refused at the first byte that no valid text can continue with, and a skip function
 * passes over whole characters only.
 *
 * Input: one byte that shifts the text in memory, two that say where it is cut, the text.
 */

#include "engine/ws/utf8.h"
#include "engine/ws/processor.h"
#include "engine/ws/utf8_skip.h"
#include "fuzz/fuzz.h"

enum { ALIGNMENT = 64 };

/* The size of the valid character at the front; 0 when there is none, -1 when it is cut short. */
static int character_size(struct fc_bytes text)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t smallest;
    } form[] = {
        { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
    };
    for (unsigned more = 0; more < 4; more++) {
        if ((text.data[0] & form[more].mask) != form[more].lead) {
            continue;
        }
        /* The smallest and largest value that the bytes there are can still become. */
        uint32_t low = text.data[0] & (uint8_t)~form[more].mask;
        uint32_t high = low;
        for (unsigned i = 1; i <= more; i++) {
            const bool is_there = i < text.size;
            if (is_there && (text.data[i] & 0xc0) != 0x80) {
                return 0;
            }
            low = low << 6 | (is_there ? text.data[i] & 0x3f : 0);
            high = high << 6 | (is_there ? text.data[i] & 0x3f : 0x3f);
        }
        const bool is_surrogate = low >= 0xd800 && high <= 0xdfff;
        if (high < form[more].smallest || low > 0x10ffff || is_surrogate) {
            return 0;
        }
        return text.size > more ? (int)more + 1 : -1;
    }
    return 0;
}

struct verdict {
    bool is_valid; /* as far as it goes */
    bool is_complete;
    size_t whole; /* bytes of the valid characters at the front */
};

static struct verdict judge(struct fc_bytes text)
{
    struct verdict verdict = { .is_valid = true, .is_complete = true };
    while (text.size > 0) {
        const int size = character_size(text);
        if (size <= 0) {
            verdict.is_valid = size < 0;
            verdict.is_complete = false;
            break;
        }
        verdict.whole += (size_t)size;
        (void)fuzz_take_bytes(&text, (size_t)size);
    }
    return verdict;
}

typedef bool check_fn(struct fc_utf8 *utf8, struct fc_bytes piece);

static bool check_any(struct fc_utf8 *utf8, struct fc_bytes piece)
{
    return fc_utf8_check_by(fc_utf8_skip_any, utf8, piece);
}

static bool check_avx2(struct fc_utf8 *utf8, struct fc_bytes piece)
{
    return fc_utf8_check_by(fc_has_avx2() ? fc_utf8_skip_avx2 : fc_utf8_skip_any, utf8, piece);
}

static void check_cut(check_fn *check, struct fc_bytes text, uint32_t seed,
                      const struct verdict *expected)
{
    struct fuzz_cuts cuts = { seed };
    struct fc_utf8 utf8 = { 0 };
    bool is_valid = true;
    size_t checked = 0;
    while (is_valid && checked < text.size) {
        const size_t size = fuzz_cut(&cuts, text.size - checked);
        is_valid = check(&utf8, (struct fc_bytes){ text.data + checked, size });
        checked += size;
    }
    FUZZ_CHECK(is_valid == expected->is_valid);
    FUZZ_CHECK(!is_valid || fc_utf8_is_complete(&utf8) == expected->is_complete);
    if (seed == FUZZ_ONE_BY_ONE && !is_valid) {
        FUZZ_CHECK(judge((struct fc_bytes){ text.data, checked - 1 }).is_valid);
        FUZZ_CHECK(!judge((struct fc_bytes){ text.data, checked }).is_valid);
    }
}

static void check_skip(fc_utf8_skip *skip, struct fc_bytes text, const struct verdict *expected)
{
    const size_t size = skip(text.data, text.size);
    FUZZ_CHECK(size <= expected->whole);
    FUZZ_CHECK(judge((struct fc_bytes){ text.data, size }).is_complete);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static check_fn *const checks[] = { fc_utf8_check, fc_utf8_check_scalar, check_any,
                                        check_avx2 };
    struct fc_bytes text = { data, size };
    const size_t shift = fuzz_take(&text) % ALIGNMENT;
    const uint32_t seed = fuzz_take16(&text);

    uint8_t *shifted = malloc(shift + text.size + (shift + text.size == 0));
    FUZZ_CHECK(shifted);
    if (text.size > 0) {
        memcpy(shifted + shift, text.data, text.size);
    }
    text.data = shifted + shift;

    const struct verdict expected = judge(text);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        check_cut(checks[i], text, FUZZ_WHOLE, &expected);
        check_cut(checks[i], text, FUZZ_ONE_BY_ONE, &expected);
        check_cut(checks[i], text, seed, &expected);
    }
    check_skip(fc_utf8_skip_any, text, &expected);
    if (fc_has_avx2()) {
        check_skip(fc_utf8_skip_avx2, text, &expected);
    }
    FUZZ_CHECK(fc_utf8_is_valid(text) == (expected.is_valid && expected.is_complete));
    free(shifted);
    return 0;
}
