/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_DECODER_H
#define PREDICT_DECODER_H

#include "predict/labels.h"
#include "predict/model_options.h"
#include "predict/suppress.h"
#include "predict/tensor.h"

/*
 * A decoder reads what a model of one family gives. One file fills the table and is listed in
 * decoders.c, in the order in which they are tried when none is named.
 */

enum decoder_id {
    DECODER_ULTRAFACE,
    DECODER_NANODET,
    DECODER_YOLO,
    DECODER_SSD,
    DECODER_CLASSIFY,
    DECODER_RAW,
    DECODER_COUNT,
};

/** How detections lie in a matrix. */
enum decode_form {
    FORM_ROWS,    /* a row each: center, size, objectness, classes */
    FORM_GRID,    /* the same, center and size relative to a cell of the grid */
    FORM_COLUMNS, /* a column each: center, size, classes */
    FORM_FINAL,   /* a row each: corners, score, class */
    FORM_LISTS,   /* boxes, classes and scores in tensors of their own */
    FORM_COUNT,
};

enum decode_units { UNITS_FRACTION, UNITS_PIXEL, UNITS_COUNT };

#define DECODE_ROLES_MAX 3

/** How a family's input is made, where the user says nothing. */
struct decode_defaults {
    enum pixel_format color;
    enum image_resize resize;
    float mean[IMAGE_CHANNELS_MAX], scale[IMAGE_CHANNELS_MAX];
    uint8_t bar;
};

/** What decoding goes by; fixed when the model is opened. */
struct decode_plan {
    const struct model_options *options;
    const struct tensor_ports *ports;
    const struct labels *labels;
    uint32_t width, height; /* of the input, pixels */
    float threshold;
    unsigned top;

    /* written by fits() */
    enum decode_form form;
    enum decode_units units;
    unsigned roles[DECODE_ROLES_MAX];       /* the decoder's own numbers: which output is what */
    const struct decode_defaults *defaults; /* instead of the decoder's; NULL: those */
};

struct decode_result {
    struct candidates candidates; /* begun with the threshold */
    char *data;                   /* owned: JSON, or NULL */
};

struct decoder {
    const char *name;
    const char *takes; /* for the sentence of a refusal: "scores [N,2] and boxes [N,4]" */
    const char *label; /* what it finds, when there is one thing; or NULL */

    struct decode_defaults defaults;
    float threshold, overlap; /* overlap above 1: the model has seen to it */
    unsigned top;

    /* Whether it can read the outputs; sides of 0 and below are not known yet. */
    bool (*fits)(struct decode_plan *plan);

    /* Read them: boxes into candidates, anything else into data. 0 or -errno. */
    int (*decode)(const struct decode_plan *plan, const struct tensor *outputs,
                  struct decode_result *result);
};

extern const struct decoder decoder_ultraface;
extern const struct decoder decoder_nanodet;
extern const struct decoder decoder_yolo;
extern const struct decoder decoder_ssd;
extern const struct decoder decoder_classify;
extern const struct decoder decoder_raw;

extern const char *const decoder_names[];     /* by enum decoder_id; ends in NULL */
extern const char *const decode_form_names[]; /* by enum decode_form; ends in NULL */
extern const char *const decode_unit_names[]; /* by enum decode_units; ends in NULL */

const struct decoder *decoder_get(enum decoder_id id);

/** The first that fits(), with its plan filled in; raw fits almost anything. NULL: none. */
const struct decoder *decoder_guess(struct decode_plan *plan);

/** Numbers of a matrix that came out; NULL when it is another size, or not of 32-bit floats. */
const float *decode_matrix(const struct tensor *tensor, int64_t rows, int64_t columns);

/** Cells of the grids that the strides from 8 on make, `strides` of them, sides rounded up. */
int64_t decode_grid_cells(uint32_t width, uint32_t height, unsigned strides);

/** Add a box given by its corners, in the plan's units. */
void decode_corners(const struct decode_plan *plan, const float corners[4], float score,
                    uint32_t label, struct candidates *out);

/** The best of some classes. */
uint32_t decode_best(const float *scores, size_t count);

#endif
