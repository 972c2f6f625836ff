/* SPDX-License-Identifier: MIT */
#ifndef HUB_RENDITION_H
#define HUB_RENDITION_H

#include "base/pool.h"
#include "hub/feed.h"
#include "picture/picture.h"

/*
 * One way to look at a stream: width, quality, pictures a second. It exists while somebody watches
 * it; equal requests share it, so each picture is encoded once for all of them.
 *
 * A source's thread offers pictures; a pool thread encodes the newest and puts the parcel into
 * every loop's feed.
 */

struct rendition_key {
    uint32_t width;     /* pixels; 0: as captured */
    uint32_t fps_milli; /* thousandths of pictures a second; 0: all */
    int quality;        /* 1 to 100; 0: as captured, or the stream's own */
    bool is_boxed;      /* what the predictors saw is drawn into the pictures; hub/shelf.h */
};

struct rendition; /* Threads: any. */

uint64_t rendition_id(const struct rendition *rendition);
struct rendition_key rendition_key(const struct rendition *rendition);

/** The last parcel, with a reference of the caller's; NULL before the first. */
struct parcel *rendition_newest(struct rendition *rendition);

#endif
