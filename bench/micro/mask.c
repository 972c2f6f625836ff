/* SPDX-License-Identifier: MIT */
/* mask [--check]: how fast payloads are masked; with --check, whether that is fast enough. */
#include "engine/ws/mask.h"
#include "engine/ws/processor.h"

#include "bench/micro/timing.h"

#define FLOOR 20.0 /* GB/s on data in cache */
enum { LARGEST = 256 * 1024, RING_BYTES = 16 * 1024, HEADER_BYTES = 6 };

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

/* Small payloads lie one behind the other, as they are received: not one of them again and again.
 */
static unsigned char *next_payload(const struct timed *timed)
{
    static size_t at;
    at = at + 2 * timed->size <= RING_BYTES ? at + timed->size : 0;
    return timed->data + at;
}

static void chosen(const struct timed *timed)
{
    fc_ws_mask(next_payload(timed), timed->size, key, 0);
}

static void any(const struct timed *timed)
{
    fc_ws_mask_any(next_payload(timed), timed->size, fc_ws_mask_key(key, 0));
}

struct layout {
    size_t size;
    size_t at; /* where the data lies; behind a frame header nothing is aligned */
    double floor;
};

/* One payload, by what this processor gets and by what any would get. */
static bool report_layout(const struct layout *layout, bool check)
{
    static unsigned char data[HEADER_BYTES + LARGEST] __attribute__((aligned(64)));
    struct timed timed = {
        .bench = "mask",
        .variant = "any",
        .kind = layout->at == 0 ? "aligned" : "unaligned",
        .data = data + layout->at,
        .size = layout->size,
        .work = any,
    };
    bool ok = true;
    if (fc_has_avx2()) {
        ok = layout->size < FC_WS_MASK_VECTOR_BYTES || report(&timed, check);
        timed.variant = "avx2";
        timed.floor = layout->floor;
    }
    timed.work = chosen;
    return report(&timed, check) && ok;
}

int main(int argc, char **argv)
{
    static const struct layout layouts[] = {
        { 16, 0, 0 },
        { 125, HEADER_BYTES, 0 },
        { 128, 0, 0 },
        { 128, HEADER_BYTES, 0 },
        { 4096, HEADER_BYTES, FLOOR },
        { 64 * 1024, 0, FLOOR },
        { 64 * 1024, HEADER_BYTES, FLOOR },
        { LARGEST, HEADER_BYTES, FLOOR },
    };
    const bool check = wants_check(argc, argv);
    bool ok = true;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        ok &= report_layout(&layouts[i], check);
    }
    return ok ? 0 : 1;
}
