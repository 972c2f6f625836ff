/* SPDX-License-Identifier: MIT */
#ifndef MOTION_SHRINK_H
#define MOTION_SHRINK_H

#include <stdint.h>

#include "raster.h"

/* Averaging a picture in whole square blocks: the cheapest filter that does not alias. */

enum { SHRINK_SOURCE_MAX_PX = 16384, SHRINK_DIVISOR_MAX = 256 };

/**
 * Divide a picture's sides by divisor, averaging divisor x divisor blocks.
 *
 * Columns and rows at the far edges that do not fill a block are left out.
 *
 * @param sums  room for width sums
 * @param out   (width / divisor) * (height / divisor) bytes, without gaps between rows
 *
 * Ownership: borrows all of it for the call.
 * Threads:   any.
 */
void shrink_luma(struct raster luma, uint32_t divisor, uint16_t *sums, uint8_t *out);

#endif
