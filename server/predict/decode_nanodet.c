/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>
#include <math.h>

/*
 * NanoDet: a score for each class at each cell, and the distances from the cell to the four sides
 * of the box, each as a distribution over BINS steps whose mean counts.
 *
 *     rows   [cells, classes + 4 x BINS], strides 8 to 64; a cell's corner counts (NanoDet-Plus)
 *     lists  [cells, classes] and [cells, 4 x BINS] of each stride; a cell's middle counts
 */

#define BINS 8
#define SIDES (4 * BINS)
#define STRIDES_PLUS 4
#define STRIDES_MAX 4
#define MATRIX 0 /* role, of rows */

static bool matrix_of(const struct decode_plan *plan, unsigned output, int64_t *rows,
                      int64_t *columns)
{
    const struct tensor_shape *shape = &plan->ports->outputs[output].shape;
    return shape->type == TENSOR_F32 && tensor_as_matrix(shape, rows, columns);
}

/* The output of a stride: the one with so many rows that has the sides, or the classes. -1: none.
 */
static int output_find(const struct decode_plan *plan, unsigned stride_index, bool has_sides)
{
    const int64_t above = decode_grid_cells(plan->width, plan->height, stride_index);
    const int64_t cells = decode_grid_cells(plan->width, plan->height, stride_index + 1) - above;
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        int64_t rows, columns;
        if (matrix_of(plan, i, &rows, &columns) && rows == cells &&
            (columns == SIDES) == has_sides) {
            return (int)i;
        }
    }
    return -1;
}

static bool rows_fit(struct decode_plan *plan)
{
    const int64_t cells = decode_grid_cells(plan->width, plan->height, STRIDES_PLUS);
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        int64_t rows, columns;
        if (matrix_of(plan, i, &rows, &columns) && rows == cells && columns > SIDES) {
            plan->form = FORM_ROWS;
            plan->roles[MATRIX] = i;
            return true;
        }
    }
    return false;
}

static bool lists_fit(struct decode_plan *plan)
{
    const unsigned strides = plan->ports->output_count / 2;
    if (plan->ports->output_count % 2 != 0 || strides == 0 || strides > STRIDES_MAX) {
        return false;
    }
    for (unsigned i = 0; i < strides; i++) {
        if (output_find(plan, i, true) < 0 || output_find(plan, i, false) < 0) {
            return false;
        }
    }
    plan->form = FORM_LISTS;
    return true;
}

static bool nanodet_fits(struct decode_plan *plan)
{
    plan->units = UNITS_PIXEL;
    const int form = plan->options->form;
    return ((form < 0 || form == FORM_ROWS) && rows_fit(plan)) ||
           ((form < 0 || form == FORM_LISTS) && lists_fit(plan));
}

/* The mean of a distribution that comes as logarithms. */
static float distance(const float *bins)
{
    float most = bins[0];
    for (int i = 1; i < BINS; i++) {
        most = bins[i] > most ? bins[i] : most;
    }
    float sum = 0, weighted = 0;
    for (int i = 0; i < BINS; i++) {
        const float share = expf(bins[i] - most);
        sum += share;
        weighted += share * (float)i;
    }
    return weighted / sum;
}

/* Where the cells of a stride have their numbers, and how far from one to the next. */
struct grid {
    uint32_t stride;
    float middle; /* of a cell, in cells */
    const float *scores, *sides;
    int64_t classes, scores_step, sides_step;
};

static uint32_t grid_decode(const struct decode_plan *plan, const struct grid *grid,
                            struct candidates *out)
{
    const uint32_t across = (plan->width + grid->stride - 1) / grid->stride;
    const uint32_t cells = across * ((plan->height + grid->stride - 1) / grid->stride);
    const float step = (float)grid->stride;
    for (uint32_t cell = 0; cell < cells; cell++) {
        const float *scores = grid->scores + cell * grid->scores_step;
        const uint32_t label = decode_best(scores, (size_t)grid->classes);
        if (!candidates_want(out, scores[label])) {
            continue;
        }
        const float *sides = grid->sides + cell * grid->sides_step;
        const float x = ((float)(cell % across) + grid->middle) * step;
        const float y = ((float)(cell / across) + grid->middle) * step;
        const float corners[] = { x - distance(sides) * step, y - distance(sides + BINS) * step,
                                  x + distance(sides + 2 * BINS) * step,
                                  y + distance(sides + 3 * BINS) * step };
        decode_corners(plan, corners, scores[label], label, out);
    }
    return cells;
}

static int decode_rows(const struct decode_plan *plan, const struct tensor *outputs,
                       struct candidates *out)
{
    const struct tensor *tensor = &outputs[plan->roles[MATRIX]];
    const int64_t cells = decode_grid_cells(plan->width, plan->height, STRIDES_PLUS);
    const int64_t columns =
        tensor->shape.rank > 0 ? tensor->shape.sides[tensor->shape.rank - 1] : 0;
    const float *values = decode_matrix(tensor, cells, columns);
    if (!values || columns <= SIDES) {
        return -EPROTO;
    }
    for (unsigned i = 0; i < STRIDES_PLUS; i++) {
        const struct grid grid = {
            .stride = 8u << i,
            .scores = values,
            .sides = values + columns - SIDES,
            .classes = columns - SIDES,
            .scores_step = columns,
            .sides_step = columns,
        };
        values += grid_decode(plan, &grid, out) * columns;
    }
    return 0;
}

static int decode_lists(const struct decode_plan *plan, const struct tensor *outputs,
                        struct candidates *out)
{
    for (unsigned i = 0; i < plan->ports->output_count / 2; i++) {
        const int scores = output_find(plan, i, false);
        const int sides = output_find(plan, i, true);
        const int64_t cells = decode_grid_cells(plan->width, plan->height, i + 1) -
                              decode_grid_cells(plan->width, plan->height, i);
        const struct tensor_shape *shape = &outputs[scores].shape;
        const int64_t classes = shape->rank > 0 ? shape->sides[shape->rank - 1] : 0;
        const struct grid grid = {
            .stride = 8u << i,
            .middle = 0.5f,
            .scores = decode_matrix(&outputs[scores], cells, classes),
            .sides = decode_matrix(&outputs[sides], cells, SIDES),
            .classes = classes,
            .scores_step = classes,
            .sides_step = SIDES,
        };
        if (!grid.scores || !grid.sides || classes <= 0) {
            return -EPROTO;
        }
        (void)grid_decode(plan, &grid, out);
    }
    return 0;
}

static int nanodet_decode(const struct decode_plan *plan, const struct tensor *outputs,
                          struct decode_result *result)
{
    return plan->form == FORM_ROWS ? decode_rows(plan, outputs, &result->candidates)
                                   : decode_lists(plan, outputs, &result->candidates);
}

const struct decoder decoder_nanodet = {
    .name = "nanodet",
    .takes = "f32[1,cells,classes+32] with strides 8 to 64, or scores and sides per stride",
    .defaults = {
        .color = PIXEL_BGR24,
        .resize = IMAGE_STRETCH,
        .mean = { 103.53f, 116.28f, 123.675f },
        .scale = { 57.375f, 57.12f, 58.395f },
    },
    .threshold = 0.4f,
    .overlap = 0.5f,
    .top = PREDICTION_OBJECTS_MAX,
    .fits = nanodet_fits,
    .decode = nanodet_decode,
};
