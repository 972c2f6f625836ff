/* SPDX-License-Identifier: MIT */
#include "shrink.h"

#include <assert.h>
#include <string.h>

/* Rows are added up first, because that is the part a vector unit does well; 256 rows of 255 still
 * fit 16 bits. What is left to do across is 1 / divisor of the work. */

_Static_assert(SHRINK_DIVISOR_MAX * 255 <= UINT16_MAX, "a column's sum must fit");

static void add_row(uint16_t *restrict sums, const uint8_t *restrict row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sums[i] = (uint16_t)(sums[i] + row[i]);
    }
}

static void average_across(const uint16_t *restrict sums, size_t count, uint32_t divisor,
                           uint8_t *restrict out)
{
    const uint32_t area = divisor * divisor;
    const float scale = 1.0f / (float)area;
    for (size_t i = 0; i < count; i++) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < divisor; k++) {
            sum += sums[i * divisor + k];
        }
        out[i] = (uint8_t)((float)sum * scale + 0.5f);
    }
}

void shrink_luma(struct raster luma, uint32_t divisor, uint16_t *sums, uint8_t *out)
{
    assert(divisor > 0 && divisor <= SHRINK_DIVISOR_MAX);
    const size_t columns = luma.width / divisor;
    const size_t rows = luma.height / divisor;
    for (size_t y = 0; y < rows; y++) {
        memset(sums, 0, columns * divisor * sizeof(*sums));
        for (uint32_t k = 0; k < divisor; k++) {
            add_row(sums, luma.data + (y * divisor + k) * luma.stride, columns * divisor);
        }
        average_across(sums, columns, divisor, out + y * columns);
    }
}
