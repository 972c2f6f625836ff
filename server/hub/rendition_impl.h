/* SPDX-License-Identifier: MIT */
#ifndef HUB_RENDITION_IMPL_H
#define HUB_RENDITION_IMPL_H

#include "hub/shelf.h"
#include "hub/stream.h"

/* What a stream does with its renditions. */

/** Everything is borrowed for the rendition's life. */
struct rendition_options {
    uint64_t id;
    struct rendition_key key; /* width and quality as they are to be encoded */
    struct stream *stream;    /* for the items put into feeds */
    const char *stream_name;
    uint16_t stream_id;
    struct stream_stats *stats;
    struct shelf *shelf; /* what a boxed one draws */
    struct pool *encoders;
    struct feed *const *feeds;
    unsigned feed_count;
    void (*gone)(struct stream *stream); /* on whatever thread, once nothing of it is left */
};

/** Errors: NULL without memory; gone is not called then. Ownership: gives a reference. */
FC_NODISCARD struct rendition *rendition_new(const struct rendition_options *options);

struct rendition *rendition_ref(struct rendition *rendition);
void rendition_unref(struct rendition **rendition); /* ignores NULL */

/**
 * Offer a picture (shares it): encoded if its time has come and it is still the newest when an
 * encoder is free. One that is older than the last is ignored, and so is any once stopped.
 */
void rendition_offer(struct rendition *rendition, struct picture *picture);

/**
 * A prediction of that picture came after the picture had been offered. A boxed rendition that
 * found fewer predictions for it than there are now encodes it once more, if there is no newer one.
 */
void rendition_redraw(struct rendition *rendition, struct picture *picture);

/** Nobody wants it any more: what waits is dropped, what is being encoded goes nowhere. */
void rendition_stop(struct rendition *rendition);

#endif
