/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTION_JSON_H
#define PREDICT_PREDICTION_JSON_H

#include <framecast/attr.h>

#include "predict/prediction.h"

/**
 * A prediction as JSON text, on one line, as every viewer gets it.
 *
 * Boxes have four decimals, scores three, latency_ms two, captured_at always six. What is not
 * known is left out: a score below 0, a track of 0. Labels that are not UTF-8 get '?' in place of
 * what is not ASCII; data that is not JSON becomes null.
 *
 * Errors:    NULL without memory.
 * Ownership: gives *size bytes and a zero, to be released with free().
 * Threads:   any.
 */
FC_NODISCARD char *prediction_json(const struct prediction *prediction, const char *stream,
                                   const char *predictor, size_t *size);

#endif
