/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>

/*
 * UltraFace: two scores a place, of no face and of a face, and a box's corners as fractions of the
 * input. The places are decoded in the model.
 */

#define SCORES 0 /* roles */
#define BOXES 1

static bool ultraface_fits(struct decode_plan *plan)
{
    const struct tensor_ports *ports = plan->ports;
    if (ports->output_count != 2) {
        return false;
    }
    for (unsigned scores = 0; scores < 2; scores++) {
        const struct tensor_shape *score = &ports->outputs[scores].shape;
        const struct tensor_shape *box = &ports->outputs[1 - scores].shape;
        int64_t score_rows, score_columns, box_rows, box_columns;
        if (score->type != TENSOR_F32 || box->type != TENSOR_F32 || score->rank != 3 ||
            !tensor_as_matrix(score, &score_rows, &score_columns) ||
            !tensor_as_matrix(box, &box_rows, &box_columns)) {
            return false;
        }
        if (score_columns == 2 && box_columns == 4 && score_rows == box_rows) {
            plan->roles[SCORES] = scores;
            plan->roles[BOXES] = 1 - scores;
            plan->units = plan->options->units == UNITS_PIXEL ? UNITS_PIXEL : UNITS_FRACTION;
            return true;
        }
    }
    return false;
}

static int ultraface_decode(const struct decode_plan *plan, const struct tensor *outputs,
                            struct decode_result *result)
{
    const struct tensor *tensor = &outputs[plan->roles[SCORES]];
    int64_t rows, columns;
    if (!tensor_as_matrix(&tensor->shape, &rows, &columns)) {
        return -EPROTO;
    }
    const float *scores = decode_matrix(tensor, rows, 2);
    const float *boxes = decode_matrix(&outputs[plan->roles[BOXES]], rows, 4);
    if (!scores || !boxes) {
        return -EPROTO;
    }
    for (int64_t i = 0; i < rows; i++) {
        const float score = scores[i * 2 + 1];
        if (candidates_want(&result->candidates, score)) {
            decode_corners(plan, boxes + i * 4, score, 1, &result->candidates);
        }
    }
    return 0;
}

const struct decoder decoder_ultraface = {
    .name = "ultraface",
    .takes = "scores f32[1,N,2] and boxes f32[1,N,4]",
    .label = "face",
    .defaults = {
        .color = PIXEL_RGB24,
        .resize = IMAGE_STRETCH,
        .mean = { 127, 127, 127 },
        .scale = { 128, 128, 128 },
    },
    .threshold = 0.7f,
    .overlap = 0.3f,
    .top = PREDICTION_OBJECTS_MAX,
    .fits = ultraface_fits,
    .decode = ultraface_decode,
};
