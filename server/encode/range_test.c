/* SPDX-License-Identifier: MIT */
#include "encode/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int exact(int value, int low, int span, int zero)
{
    const int clipped = value < low ? low : value > low + span ? low + span : value;
    const double full = (clipped - zero) * 255.0 / span + (zero == 128 ? 128 : 0);
    return full < 0 ? 0 : full > 254.5 ? 255 : (int)(full + 0.5);
}

static void every_value_is_within_one_of_exact(void **state)
{
    (void)state;
    uint8_t in[256], luma[256], chroma[256];
    for (int i = 0; i < 256; i++) {
        in[i] = (uint8_t)i;
    }
    range_expand_luma(luma, in, 256);
    range_expand_chroma(chroma, in, 256);
    for (int i = 0; i < 256; i++) {
        assert_in_range(luma[i] + 1 - exact(i, 16, 219, 16), 0, 2);
        assert_in_range(chroma[i] + 1 - exact(i, 16, 224, 128), 0, 2);
    }
    assert_int_equal(luma[16], 0);
    assert_int_equal(luma[235], 255);
    assert_int_equal(chroma[128], 128);
}

static void any_length_works_in_place_and_touches_nothing_else(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 200; count++) {
        uint8_t *row = malloc(count ? count : 1); /* exact, so that ASan sees an over-read */
        uint8_t *twin = malloc(count ? count : 1);
        for (size_t i = 0; i < count; i++) {
            row[i] = (uint8_t)(i * 7 + count);
        }
        range_expand_luma(twin, row, count);
        range_expand_luma(row, row, count);
        assert_memory_equal(row, twin, count);
        range_expand_chroma(twin, row, count);
        range_expand_chroma(row, row, count);
        assert_memory_equal(row, twin, count);
        free(row);
        free(twin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_within_one_of_exact),
        cmocka_unit_test(any_length_works_in_place_and_touches_nothing_else),
    };
    return cmocka_run_group_tests_name("encode/range", tests, NULL, NULL);
}
