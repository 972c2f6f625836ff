/* SPDX-License-Identifier: MIT */
#ifndef HUB_BOXES_H
#define HUB_BOXES_H

#include <stddef.h>

#include "picture/picture.h"
#include "predict/prediction.h"

/*
 * What a predictor saw, drawn into a picture: a frame for each object, and a caption with as much
 * of its label, score and track as its box has room for. Lines and letters grow with the picture's
 * width. The same track, or else the same label, always has the same colour.
 */

#define BOXES_CAPTION_SIZE (PREDICTION_LABEL_SIZE + 32)

/**
 * Draw objects into a planar picture that is not yet published.
 *
 * Boxes may lie outside the picture, in part or wholly, and need not be numbers.
 *
 * Ownership: borrows both for the call.
 * Threads:   any.
 */
void boxes_draw(struct picture *canvas, const struct prediction_object *objects, size_t count);

/**
 * The longest caption of at most `most` letters: "person 91% #7", "person #7", "#7"; without a
 * track "cat 50%", "cat". The last one stands even if it is longer. What is not ASCII becomes '?'.
 *
 * Threads: any.
 */
void boxes_caption(const struct prediction_object *object, size_t most,
                   char out[BOXES_CAPTION_SIZE]);

#endif
