/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_LENS_H
#define PREDICT_LENS_H

#include "encode/view.h"
#include "predict/inbox.h"
#include "predict/predictor_impl.h"

/*
 * What a predictor is shown of a picture, and back: a region of it, or a crop for each box that
 * another has found, made smaller; what it finds there is given as fractions of the whole picture.
 */

#define LENS_CROPS_MAX 16 /* of one picture; the boxes with the highest scores */

struct lens; /* Threads: one at a time. */

/** Errors: NULL without memory. */
FC_NODISCARD struct lens *lens_new(const struct view_region *region, uint32_t width);
void lens_free(struct lens **lens); /* ignores NULL */

/**
 * Have an instance look at an item. Of crops, an object that fills its crop is taken for a word on
 * the box: it gets the box and its track. data becomes a list of {"box", "track", "data"} for each
 * crop of which something was said.
 *
 * @param out  as for predictor_kind.look(), with convert_ns grown by what it took here
 *
 * Errors:    as of look(): the first.
 */
FC_NODISCARD int lens_look(struct lens *lens, const struct predictor_kind *kind, void *instance,
                           const struct inbox_item *item, struct prediction *out);

#endif
