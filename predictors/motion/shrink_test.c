/* SPDX-License-Identifier: MIT */
#include "shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void divisor_one_copies(void **state)
{
    (void)state;
    const uint8_t in[2 * 4] = { 1, 2, 3, 99, 4, 5, 6, 99 };
    uint16_t sums[3];
    uint8_t out[6];
    const struct raster luma = { .data = in, .stride = 4, .width = 3, .height = 2 };
    shrink_luma(luma, 1, sums, out);
    const uint8_t wanted[6] = { 1, 2, 3, 4, 5, 6 };
    assert_memory_equal(out, wanted, sizeof(wanted));
}

static void blocks_are_averaged_and_edges_left_out(void **state)
{
    (void)state;
    const uint8_t in[3][5] = {
        { 0, 4, 10, 10, 255 },
        { 8, 12, 10, 11, 255 },
        { 255, 255, 255, 255, 255 },
    };
    uint16_t sums[5];
    uint8_t out[2];
    const struct raster luma = { .data = &in[0][0], .stride = 5, .width = 5, .height = 3 };
    shrink_luma(luma, 2, sums, out);
    assert_int_equal(out[0], 6);
    assert_int_equal(out[1], 10); /* 10.25 */
}

static void the_largest_divisor_does_not_overflow(void **state)
{
    (void)state;
    enum { SIDE = SHRINK_DIVISOR_MAX };
    uint8_t *in = malloc((size_t)SIDE * SIDE);
    assert_non_null(in);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        in[i] = 255;
    }
    uint16_t sums[SIDE];
    uint8_t out[1] = { 0 };
    const struct raster luma = { .data = in, .stride = SIDE, .width = SIDE, .height = SIDE };
    shrink_luma(luma, SIDE, sums, out);
    assert_int_equal(out[0], 255);
    free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divisor_one_copies),
        cmocka_unit_test(blocks_are_averaged_and_edges_left_out),
        cmocka_unit_test(the_largest_divisor_does_not_overflow),
    };
    return cmocka_run_group_tests_name("shrink", tests, NULL, NULL);
}
