/* SPDX-License-Identifier: MIT */
#ifndef MOTION_RASTER_H
#define MOTION_RASTER_H

#include <stddef.h>
#include <stdint.h>

/* A picture of one byte a pixel: height rows of width bytes, each stride bytes after the one
 * before. Borrowed. */
struct raster {
    const uint8_t *data;
    size_t stride;
    uint32_t width, height;
};

#endif
