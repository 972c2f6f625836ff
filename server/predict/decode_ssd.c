/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>
#include <string.h>

/*
 * Single-shot detectors whose boxes are decoded in the model:
 *
 *     lists  boxes [N,4], classes [N], scores [N], already suppressed; whether x or y comes first
 *            is told by a count of the detections, which only TensorFlow's have
 *     rows   boxes [N,4], scores [N, classes], where class 0 is the background
 *     final  [1,1,N,7]: picture, class, score, corners
 */

#define BOXES 0 /* roles */
#define SCORES 1
#define CLASSES 2
#define FINAL_COLUMNS 7

static bool is_floats(const struct tensor_shape *shape)
{
    return shape->type == TENSOR_F32;
}

static bool name_has(const struct tensor_port *port, const char *a, const char *b)
{
    return strcasestr(port->name, a) || strcasestr(port->name, b);
}

/* The first output of four columns. */
static bool boxes_find(struct decode_plan *plan, int64_t *rows)
{
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        const struct tensor_shape *shape = &plan->ports->outputs[i].shape;
        int64_t columns;
        if (is_floats(shape) && tensor_as_matrix(shape, rows, &columns) && columns == 4) {
            plan->roles[BOXES] = i;
            return true;
        }
    }
    return false;
}

/* Rows that are not told apart by their numbers are by their names, and else come in this order. */
static bool lists_fit(struct decode_plan *plan, int64_t rows)
{
    unsigned found = 0, lists[2] = { 0 };
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        const struct tensor_shape *shape = &plan->ports->outputs[i].shape;
        int64_t columns;
        const bool is_list = i != plan->roles[BOXES] && shape->rank <= 2 &&
                             tensor_as_row(shape, &columns) &&
                             (columns == rows || columns <= 0 || rows <= 0) &&
                             !name_has(&plan->ports->outputs[i], "num", "count");
        if (is_list && found < 2) {
            lists[found++] = i;
        }
    }
    if (found < 2) {
        return false;
    }
    const struct tensor_port *first = &plan->ports->outputs[lists[0]];
    const struct tensor_port *second = &plan->ports->outputs[lists[1]];
    const bool first_is_scores = !is_floats(&second->shape) || name_has(first, "score", "conf") ||
                                 name_has(second, "class", "label");
    plan->roles[SCORES] = first_is_scores ? lists[0] : lists[1];
    plan->roles[CLASSES] = first_is_scores ? lists[1] : lists[0];
    plan->form = FORM_LISTS;
    return is_floats(&plan->ports->outputs[plan->roles[SCORES]].shape);
}

static bool rows_fit(struct decode_plan *plan, int64_t boxes)
{
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        const struct tensor_shape *shape = &plan->ports->outputs[i].shape;
        int64_t rows, columns;
        if (i != plan->roles[BOXES] && is_floats(shape) && shape->rank == 3 &&
            tensor_as_matrix(shape, &rows, &columns) && rows == boxes && columns >= 2) {
            plan->roles[SCORES] = i;
            plan->form = FORM_ROWS;
            return true;
        }
    }
    return false;
}

static bool final_fits(struct decode_plan *plan)
{
    const struct tensor_shape *shape = &plan->ports->outputs[0].shape;
    int64_t rows, columns;
    plan->roles[BOXES] = 0;
    plan->form = FORM_FINAL;
    return plan->ports->output_count == 1 && is_floats(shape) && shape->rank == 4 &&
           tensor_as_matrix(shape, &rows, &columns) && columns == FINAL_COLUMNS;
}

static bool ssd_fits(struct decode_plan *plan)
{
    const int form = plan->options->form;
    plan->units = plan->options->units == UNITS_PIXEL ? UNITS_PIXEL : UNITS_FRACTION;
    if ((form < 0 || form == FORM_FINAL) && final_fits(plan)) {
        return true;
    }
    int64_t rows;
    return boxes_find(plan, &rows) && (((form < 0 || form == FORM_ROWS) && rows_fit(plan, rows)) ||
                                       ((form < 0 || form == FORM_LISTS) && lists_fit(plan, rows)));
}

static bool is_y_first(const struct decode_plan *plan)
{
    if (plan->options->corners >= 0) {
        return plan->options->corners == 1;
    }
    return plan->form == FORM_LISTS && plan->ports->output_count == 4;
}

static void add(const struct decode_plan *plan, const float *box, float score, uint32_t label,
                struct candidates *out)
{
    const float swapped[] = { box[1], box[0], box[3], box[2] };
    decode_corners(plan, is_y_first(plan) ? swapped : box, score, label, out);
}

static int decode_lists(const struct decode_plan *plan, const struct tensor *outputs,
                        const float *boxes, int64_t rows, struct candidates *out)
{
    const struct tensor *scores = &outputs[plan->roles[SCORES]];
    const struct tensor *classes = &outputs[plan->roles[CLASSES]];
    int64_t score_count, class_count;
    if (!tensor_as_row(&scores->shape, &score_count) || score_count != rows ||
        !tensor_as_row(&classes->shape, &class_count) || class_count != rows) {
        return -EPROTO;
    }
    for (int64_t i = 0; i < rows; i++) {
        const float label = tensor_value(classes, (size_t)i);
        if (label >= 0 && label < LABELS_MAX) {
            add(plan, boxes + i * 4, tensor_value(scores, (size_t)i), (uint32_t)label, out);
        }
    }
    return 0;
}

static int decode_rows(const struct decode_plan *plan, const struct tensor *outputs,
                       const float *boxes, int64_t rows, struct candidates *out)
{
    const struct tensor *tensor = &outputs[plan->roles[SCORES]];
    const int64_t classes =
        tensor->shape.rank > 0 ? tensor->shape.sides[tensor->shape.rank - 1] : 0;
    const float *scores = decode_matrix(tensor, rows, classes);
    if (!scores || classes < 2) {
        return -EPROTO;
    }
    for (int64_t i = 0; i < rows; i++) {
        const float *row = scores + i * classes;
        const uint32_t label = decode_best(row + 1, (size_t)(classes - 1)) + 1;
        add(plan, boxes + i * 4, row[label], label, out);
    }
    return 0;
}

static int decode_final(const struct decode_plan *plan, const float *values, int64_t rows,
                        struct candidates *out)
{
    for (int64_t i = 0; i < rows; i++) {
        const float *row = values + i * FINAL_COLUMNS;
        if (row[0] < 0) {
            break; /* the rest is filling */
        }
        if (row[1] >= 0 && row[1] < LABELS_MAX) {
            add(plan, row + 3, row[2], (uint32_t)row[1], out);
        }
    }
    return 0;
}

static int ssd_decode(const struct decode_plan *plan, const struct tensor *outputs,
                      struct decode_result *result)
{
    const struct tensor *boxes = &outputs[plan->roles[BOXES]];
    int64_t rows, columns;
    if (!tensor_as_matrix(&boxes->shape, &rows, &columns)) {
        return -EPROTO;
    }
    const float *values = decode_matrix(boxes, rows, plan->form == FORM_FINAL ? FINAL_COLUMNS : 4);
    if (!values && rows > 0) {
        return -EPROTO;
    }
    switch (plan->form) {
    case FORM_LISTS:
        return decode_lists(plan, outputs, values, rows, &result->candidates);
    case FORM_ROWS:
        return decode_rows(plan, outputs, values, rows, &result->candidates);
    case FORM_FINAL:
        return decode_final(plan, values, rows, &result->candidates);
    case FORM_GRID:
    case FORM_COLUMNS:
    case FORM_COUNT:
        break;
    }
    return -EPROTO;
}

const struct decoder decoder_ssd = {
    .name = "ssd",
    .takes = "boxes f32[1,N,4] with scores and classes, or f32[1,1,N,7]",
    .defaults = {
        .color = PIXEL_RGB24,
        .resize = IMAGE_STRETCH,
        .mean = { 127.5f, 127.5f, 127.5f },
        .scale = { 127.5f, 127.5f, 127.5f },
    },
    .threshold = 0.5f,
    .overlap = 0.5f,
    .top = PREDICTION_OBJECTS_MAX,
    .fits = ssd_fits,
    .decode = ssd_decode,
};
