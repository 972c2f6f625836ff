/* SPDX-License-Identifier: MIT */
#ifndef MOTION_REGIONS_H
#define MOTION_REGIONS_H

#include <stddef.h>
#include <stdint.h>

#include "raster.h"

/* Marked pixels become connected regions, each a body or a part of a group of bodies. */

enum { REGIONS_MAX = 64, REGIONS_RUN_MAX = 16384 };

/* A box in pixels of the small picture; right and bottom are one past the last. */
struct region {
    float left, top, right, bottom;
    uint32_t pixel_count;  /* foreground inside */
    uint32_t strong_count; /* of those, marked as strong */
};

/** Square pixels of a region's box. Threads: any. */
float region_area(const struct region *r);

/** Square pixels that two boxes share. Threads: any. */
float region_common_area(const struct region *a, const struct region *b);

/** The box around two, with the pixels of both. Threads: any. */
struct region region_joint(const struct region *a, const struct region *b);

struct regions;

/**
 * Make a finder for pictures of up to pixel_max pixels.
 *
 * Errors:    NULL when there is no memory.
 * Ownership: gives the finder; regions_free() it.
 * Threads:   one at a time.
 */
struct regions *regions_new(size_t pixel_max);

/**
 * Find the regions of a marked picture.
 *
 * Runs of pixels beyond REGIONS_RUN_MAX and regions beyond REGIONS_MAX are left out; so much is
 * noise.
 *
 * @param marks     enum background_mark, without gaps between rows
 * @param area_min  boxes of fewer square pixels are left out
 * @param out       room for REGIONS_MAX
 *
 * Returns:   how many were written.
 * Ownership: borrows marks and out for the call.
 * Threads:   one at a time.
 */
size_t regions_find(struct regions *finder, struct raster marks, float area_min,
                    struct region *out);

/** Release the finder and set *pfinder to NULL. Threads: one at a time. */
void regions_free(struct regions **pfinder);

#endif
