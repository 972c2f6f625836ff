/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTION_EXPORT_H
#define PREDICT_PREDICTION_EXPORT_H

#include <framecast/attr.h>

#include "predict/prediction.h"

/* Predictions as other programs want them: boxes in pixels, in the form of well-known data sets. */

enum prediction_format {
    PREDICTION_OWN,  /* prediction_json.h */
    PREDICTION_COCO, /* one document of COCO's object detection: images, annotations, categories */
    PREDICTION_VOC,  /* Pascal VOC's annotation, with its elements as members of JSON objects */
    PREDICTION_FORMAT_COUNT,
};

/** The format of a name ("json", "coco", "voc"), or PREDICTION_FORMAT_COUNT. */
enum prediction_format prediction_format_parse(const char *name);

/**
 * A prediction in one of the formats, on one line.
 *
 * Boxes are cut at the edges of the picture; what lies outside altogether, or has no area, is left
 * out, and so is `data`. The pixels are those of the picture that was looked at.
 *
 * Errors:    NULL without memory.
 * Ownership: gives *size bytes and a zero, to be released with free().
 * Threads:   any.
 */
FC_NODISCARD char *prediction_export(enum prediction_format format,
                                     const struct prediction *prediction, const char *stream,
                                     const char *predictor, size_t *size);

#endif
