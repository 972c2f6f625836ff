/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_MODEL_OPTIONS_H
#define PREDICT_MODEL_OPTIONS_H

#include "predict/spec_options.h"

/*
 * What a user says of a model: how its input is made and its outputs are read. What is not said, or
 * below 0, is guessed from the shapes.
 */

struct model_options {
    int decoder; /* enum decoder_id */
    int layout;  /* enum image_layout */
    int color;   /* 0 rgb, 1 bgr, 2 gray */
    int resize;  /* enum image_resize */
    int form;    /* of yolo and nanodet: enum decode_form */
    int corners; /* of ssd: 0 xyxy, 1 yxyx */
    int units;   /* of boxes: enum decode_units */
    struct spec_size size;
    struct spec_reals mean, scale;
    long bar, top;
    double threshold, overlap;
    char labels[SPEC_TEXT_SIZE];  /* a file, or "" */
    char library[SPEC_TEXT_SIZE]; /* a file, or ""; ONNX only */
    long timeout_ms;              /* KServe only */
};

/** The rows of the two kinds that run models. */
extern const struct spec_option model_options_onnx[];
extern const struct spec_option model_options_kserve[];

/** Nothing said. */
struct model_options model_options_unsaid(void);

#endif
