/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_PICTURE_POOL_H
#define PICTURE_PICTURE_POOL_H

#include "picture/picture.h"

/*
 * Planar pictures of one format and size whose memory is used again, so that a source does not ask
 * the system for megabytes with every picture.
 *
 * At most PICTURE_POOL_KEPT_MAX unused ones are kept; how many are in use is not bounded here. The
 * pool's memory lives until the last of its pictures is gone, whoever holds that.
 */

#define PICTURE_POOL_KEPT_MAX 8

struct picture_pool; /* Threads: one takes; pictures come back from any. */

/** Errors: NULL without memory or over the limits. */
FC_NODISCARD struct picture_pool *picture_pool_new(enum picture_format format, uint32_t width,
                                                   uint32_t height);

/** Ignores NULL. Pictures that were taken stay valid. */
void picture_pool_free(struct picture_pool **pool);

/** Whether the pool's pictures are of that format and size; false for NULL. */
bool picture_pool_fits(const struct picture_pool *pool, enum picture_format format, uint32_t width,
                       uint32_t height);

/**
 * A picture with writable planes, of undefined content.
 *
 * Errors:    NULL without memory.
 * Ownership: gives one reference.
 */
FC_NODISCARD struct picture *picture_pool_take(struct picture_pool *pool);

#endif
