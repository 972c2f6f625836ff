/* SPDX-License-Identifier: MIT */
#ifndef ENCODE_VIEW_H
#define ENCODE_VIEW_H

#include "picture/picture.h"

/*
 * A part of a picture, perhaps smaller, as a picture of its own with the same number and times. The
 * part alone costs nothing: it shares the planes.
 */

/** Fractions of a picture. All zero: the whole. */
struct view_region {
    float x, y, width, height;
};

struct view_maker; /* Threads: one at a time. Keeps tables and memory from picture to picture. */

/** Errors: NULL without memory. */
FC_NODISCARD struct view_maker *view_maker_new(void);

/** Ignores NULL. Pictures that were made stay valid. */
void view_maker_free(struct view_maker **maker);

/**
 * Make a view of a picture; the picture itself when that is what is asked for.
 *
 * @param region  of the picture; clipped to it, and widened to even pixels
 * @param width   pixels that the region is scaled down to, its height following; 0, or more than it
 *                has: as it is
 * @param actual  gets the region that was taken, exactly
 *
 * Errors:    NULL when the region is not inside, the picture cannot be decoded, or without memory.
 *            A region of the picture itself allocates a few bytes; scaling, nothing while sizes
 *            stay.
 * Ownership: gives a reference. The view keeps the picture, or what it needs of it.
 */
FC_NODISCARD struct picture *view_make(struct view_maker *maker, struct picture *picture,
                                       const struct view_region *region, uint32_t width,
                                       struct view_region *actual);

#endif
