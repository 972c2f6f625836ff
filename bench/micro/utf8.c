/* SPDX-License-Identifier: MIT */
/* utf8 [--check]: how fast text is checked; with --check, whether that is fast enough. */
#include "engine/ws/processor.h"
#include "engine/ws/utf8_skip.h"

#include "bench/micro/timing.h"

/* GB/s on data in cache. */
#define ASCII_FLOOR 20.0
#define ASCII_FLOOR_ANY 10.0
#define MIXED_FLOOR 2.0
#define MIXED_FLOOR_ANY 1.0

enum { LARGEST = 256 * 1024, FLOOR_BYTES = 4096 }; /* floors are for large texts */

static void chosen(const struct timed *timed)
{
    struct fc_utf8 utf8 = { 0 };
    if (!fc_utf8_check(&utf8, (struct fc_bytes){ timed->data, timed->size })) {
        abort();
    }
}

static void any(const struct timed *timed)
{
    struct fc_utf8 utf8 = { 0 };
    const struct fc_bytes text = { timed->data, timed->size };
    if (!fc_utf8_check_by(fc_utf8_skip_any, &utf8, text)) {
        abort();
    }
}

static unsigned random_below(unsigned limit)
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

static size_t encode(uint8_t out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (uint8_t)(lead[size] | code);
    return size;
}

/* Letters of one to four bytes each, in no order that a processor could learn. */
static uint32_t mixed_letter(void)
{
    static const uint32_t first[] = { 'a', 0x3b1, 0x3042, 0x1f600 };
    return first[random_below(4)] + random_below(20);
}

/* Letters of two bytes, and spaces. */
static uint32_t cyrillic_letter(void)
{
    return random_below(7) == 0 ? ' ' : 0x430 + random_below(32);
}

/* ASCII with a letter of two bytes here and there. */
static uint32_t german_letter(void)
{
    return random_below(30) == 0 ? 0xfc : ' ' + random_below(95);
}

static uint32_t ascii_letter(void)
{
    return ' ' + random_below(95);
}

static void fill(uint8_t *data, size_t size, uint32_t (*letter)(void))
{
    size_t i = 0;
    while (size - i >= 4) {
        i += encode(data + i, letter());
    }
    memset(data + i, '.', size - i);
}

struct text {
    const char *name;
    uint32_t (*letter)(void);
    double floor;
    double floor_any;
};

/* One text of one size, by what this processor gets and by what any would get. */
static bool report_text(const struct text *text, size_t size, bool check)
{
    static uint8_t data[LARGEST] __attribute__((aligned(64)));
    fill(data, size, text->letter);
    const bool has_floor = size >= FLOOR_BYTES;
    struct timed timed = {
        .bench = "utf8",
        .variant = "any",
        .kind = text->name,
        .data = data,
        .size = size,
        .floor = has_floor ? text->floor_any : 0,
        .work = any,
    };
    bool ok = report(&timed, check);
    if (fc_has_avx2()) {
        timed.variant = "avx2";
        timed.floor = has_floor ? text->floor : 0;
        timed.work = chosen;
        ok &= report(&timed, check);
    }
    return ok;
}

int main(int argc, char **argv)
{
    static const struct text texts[] = {
        { "ascii", ascii_letter, ASCII_FLOOR, ASCII_FLOOR_ANY },
        { "german", german_letter, MIXED_FLOOR, MIXED_FLOOR_ANY },
        { "cyrillic", cyrillic_letter, MIXED_FLOOR, MIXED_FLOOR_ANY },
        { "mixed", mixed_letter, MIXED_FLOOR, MIXED_FLOOR_ANY },
    };
    static const size_t sizes[] = { 24, 128, 4096, LARGEST };
    const bool check = wants_check(argc, argv);
    bool ok = true;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            ok &= report_text(&texts[i], sizes[k], check);
        }
    }
    return ok ? 0 : 1;
}
