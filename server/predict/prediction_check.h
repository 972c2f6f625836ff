/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTION_CHECK_H
#define PREDICT_PREDICTION_CHECK_H

#include <framecast/attr.h>

#include "predict/prediction.h"

/**
 * Put right what a predictor said, so that viewers get nothing else than what is promised.
 *
 * Left out are objects that have a number that is none, a box of negative size or one that lies
 * outside the picture, and those beyond PREDICTION_OBJECTS_MAX. Boxes are clipped to the picture,
 * scores to 1, scores below 0 become -1 (none), labels are ended.
 *
 * Whatever rounding can do is no fault: a box may stand out by a thousandth of the picture.
 *
 * Returns:   how many objects had a fault, with a sentence about the first in why; why is left
 *            alone when there is none.
 * Threads:   any.
 */
size_t prediction_check(struct prediction *prediction, char *why, size_t why_size);

#endif
