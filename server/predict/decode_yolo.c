/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>
#include <math.h>

/*
 * The YOLO families. They differ in how a detection lies in the matrix, and the number of places
 * tells which it is:
 *
 *     rows     [3 x cells, 5 + classes]  YOLOv5, v7: three places a cell, center and size in pixels
 *     grid     [cells, 5 + classes]      YOLOX: relative to the cell, sizes as logarithms
 *     columns  [4 + classes, cells]      YOLOv8 and later: no objectness
 *     final    [N, 6]                    suppressed in the model: corners, score, class
 */

#define MATRIX 0 /* roles */
#define STRIDES 1
#define STRIDES_MIN 3 /* 8, 16, 32 */
#define STRIDES_MAX 4 /* and 64 */
#define HEAD 5        /* center, size, objectness */
#define BLOCK 64      /* columns looked at together */

/* YOLOX takes samples as they are, blue first. */
static const struct decode_defaults grid_defaults = {
    .color = PIXEL_BGR24,
    .resize = IMAGE_LETTERBOX,
    .scale = { 1, 1, 1 },
    .bar = 114,
};

static bool form_fits(const struct decode_plan *plan, enum decode_form form, int64_t rows,
                      int64_t columns)
{
    const int64_t cells = decode_grid_cells(plan->width, plan->height, plan->roles[STRIDES]);
    const bool is_said = plan->options->form >= 0;
    switch (form) {
    case FORM_ROWS:
        return columns > HEAD && (is_said || rows == 3 * cells);
    case FORM_GRID:
        return columns > HEAD && (rows == cells || (is_said && rows <= 0));
    case FORM_COLUMNS:
        return rows >= HEAD && (is_said || columns == cells);
    case FORM_FINAL:
        return columns == HEAD + 1 && (is_said || rows != 1);
    case FORM_LISTS:
    case FORM_COUNT:
        break;
    }
    return false;
}

static bool output_fits(struct decode_plan *plan, unsigned output)
{
    const struct tensor_shape *shape = &plan->ports->outputs[output].shape;
    int64_t rows, columns;
    if (shape->type != TENSOR_F32 || !tensor_as_matrix(shape, &rows, &columns)) {
        return false;
    }
    for (int form = FORM_ROWS; form <= FORM_FINAL; form++) {
        const bool is_asked = plan->options->form < 0 || plan->options->form == form;
        if (is_asked && form_fits(plan, (enum decode_form)form, rows, columns)) {
            plan->form = (enum decode_form)form;
            plan->defaults = form == FORM_GRID ? &grid_defaults : NULL;
            plan->roles[MATRIX] = output;
            return true;
        }
    }
    return false;
}

static bool yolo_fits(struct decode_plan *plan)
{
    plan->units = plan->options->units == UNITS_FRACTION ? UNITS_FRACTION : UNITS_PIXEL;
    for (unsigned strides = STRIDES_MIN; strides <= STRIDES_MAX; strides++) {
        plan->roles[STRIDES] = strides;
        for (unsigned i = 0; i < plan->ports->output_count; i++) {
            if (output_fits(plan, i)) {
                return true;
            }
        }
    }
    return false;
}

static void add_centered(const struct decode_plan *plan, const float box[4], float score,
                         uint32_t label, struct candidates *out)
{
    const float corners[] = { box[0] - box[2] / 2, box[1] - box[3] / 2, box[0] + box[2] / 2,
                              box[1] + box[3] / 2 };
    decode_corners(plan, corners, score, label, out);
}

static void add_row(const struct decode_plan *plan, const float *row, const float box[4],
                    int64_t columns, struct candidates *out)
{
    if (!candidates_want(out, row[4])) {
        return; /* a class's score is at most 1 */
    }
    const uint32_t label = decode_best(row + HEAD, (size_t)(columns - HEAD));
    add_centered(plan, box, row[4] * row[HEAD + label], label, out);
}

static int decode_rows(const struct decode_plan *plan, const float *values, int64_t rows,
                       int64_t columns, struct candidates *out)
{
    for (int64_t i = 0; i < rows; i++) {
        const float *row = values + i * columns;
        add_row(plan, row, row, columns, out);
    }
    return 0;
}

static int decode_grid(const struct decode_plan *plan, const float *values, int64_t rows,
                       int64_t columns, struct candidates *out)
{
    if (rows != decode_grid_cells(plan->width, plan->height, plan->roles[STRIDES])) {
        return -EPROTO;
    }
    for (unsigned i = 0; i < plan->roles[STRIDES]; i++) {
        const uint32_t stride = 8u << i;
        const uint32_t across = (plan->width + stride - 1) / stride;
        const uint32_t cells = across * ((plan->height + stride - 1) / stride);
        for (uint32_t cell = 0; cell < cells; cell++, values += columns) {
            const float step = (float)stride;
            const float box[] = { (values[0] + (float)(cell % across)) * step,
                                  (values[1] + (float)(cell / across)) * step,
                                  expf(values[2]) * step, expf(values[3]) * step };
            add_row(plan, values, box, columns, out);
        }
    }
    return 0;
}

struct block {
    float best[BLOCK];
    uint32_t label[BLOCK];
};

/* Of some columns at a time, since the classes of one column lie far apart. */
static void block_find(struct block *block, const float *scores, int64_t classes, int64_t columns,
                       int64_t width)
{
    for (int64_t j = 0; j < width; j++) {
        block->best[j] = scores[j];
        block->label[j] = 0;
    }
    for (int64_t label = 1; label < classes; label++) {
        const float *row = scores + label * columns;
        for (int64_t j = 0; j < width; j++) {
            if (row[j] > block->best[j]) {
                block->best[j] = row[j];
                block->label[j] = (uint32_t)label;
            }
        }
    }
}

static int decode_columns(const struct decode_plan *plan, const float *values, int64_t rows,
                          int64_t columns, struct candidates *out)
{
    struct block block;
    for (int64_t begin = 0; begin < columns; begin += BLOCK) {
        const int64_t width = columns - begin < BLOCK ? columns - begin : BLOCK;
        block_find(&block, values + 4 * columns + begin, rows - 4, columns, width);
        for (int64_t j = 0; j < width; j++) {
            if (!candidates_want(out, block.best[j])) {
                continue;
            }
            const float *x = values + begin + j;
            const float box[] = { x[0], x[columns], x[2 * columns], x[3 * columns] };
            add_centered(plan, box, block.best[j], block.label[j], out);
        }
    }
    return 0;
}

static int decode_final(const struct decode_plan *plan, const float *values, int64_t rows,
                        int64_t columns, struct candidates *out)
{
    for (int64_t i = 0; i < rows; i++) {
        const float *row = values + i * columns;
        if (row[5] >= 0 && row[5] < LABELS_MAX) {
            decode_corners(plan, row, row[4], (uint32_t)row[5], out);
        }
    }
    return 0;
}

static int (*const forms[])(const struct decode_plan *plan, const float *values, int64_t rows,
                            int64_t columns, struct candidates *out) = {
    [FORM_ROWS] = decode_rows,
    [FORM_GRID] = decode_grid,
    [FORM_COLUMNS] = decode_columns,
    [FORM_FINAL] = decode_final,
};

static int yolo_decode(const struct decode_plan *plan, const struct tensor *outputs,
                       struct decode_result *result)
{
    const struct tensor *matrix = &outputs[plan->roles[MATRIX]];
    int64_t rows, columns;
    if (matrix->shape.type != TENSOR_F32 || !tensor_as_matrix(&matrix->shape, &rows, &columns)) {
        return -EPROTO;
    }
    const bool is_wide_enough = plan->form == FORM_COLUMNS ? rows >= HEAD : columns >= HEAD + 1;
    if (!is_wide_enough || (plan->form == FORM_FINAL && columns != HEAD + 1)) {
        return -EPROTO;
    }
    return forms[plan->form](plan, matrix->data, rows, columns, &result->candidates);
}

const struct decoder decoder_yolo = {
    .name = "yolo",
    .takes = "f32[1,N,5+classes], f32[1,4+classes,N] or f32[1,N,6]",
    .defaults = {
        .color = PIXEL_RGB24,
        .resize = IMAGE_LETTERBOX,
        .scale = { 255, 255, 255 },
        .bar = 114,
    },
    .threshold = 0.4f,
    .overlap = 0.45f,
    .top = PREDICTION_OBJECTS_MAX,
    .fits = yolo_fits,
    .decode = yolo_decode,
};
