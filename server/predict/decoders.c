/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

static const struct decoder *const decoders[DECODER_COUNT] = {
    [DECODER_ULTRAFACE] = &decoder_ultraface, [DECODER_NANODET] = &decoder_nanodet,
    [DECODER_YOLO] = &decoder_yolo,           [DECODER_SSD] = &decoder_ssd,
    [DECODER_CLASSIFY] = &decoder_classify,   [DECODER_RAW] = &decoder_raw,
};

const char *const decoder_names[DECODER_COUNT + 1] = {
    [DECODER_ULTRAFACE] = "ultraface", [DECODER_NANODET] = "nanodet",
    [DECODER_YOLO] = "yolo",           [DECODER_SSD] = "ssd",
    [DECODER_CLASSIFY] = "classify",   [DECODER_RAW] = "raw",
};

const char *const decode_form_names[FORM_COUNT + 1] = {
    [FORM_ROWS] = "rows",   [FORM_GRID] = "grid",   [FORM_COLUMNS] = "columns",
    [FORM_FINAL] = "final", [FORM_LISTS] = "lists",
};

const char *const decode_unit_names[UNITS_COUNT + 1] = {
    [UNITS_FRACTION] = "fraction",
    [UNITS_PIXEL] = "pixel",
};

const struct decoder *decoder_get(enum decoder_id id)
{
    return decoders[id];
}

const struct decoder *decoder_guess(struct decode_plan *plan)
{
    for (int id = 0; id < DECODER_COUNT; id++) {
        if (decoders[id]->fits(plan)) {
            return decoders[id];
        }
    }
    return NULL;
}

const float *decode_matrix(const struct tensor *tensor, int64_t rows, int64_t columns)
{
    int64_t has_rows = 0, has_columns = 0;
    if (tensor->shape.type != TENSOR_F32 ||
        !tensor_as_matrix(&tensor->shape, &has_rows, &has_columns) || has_rows != rows ||
        has_columns != columns) {
        return NULL;
    }
    return tensor->data;
}

int64_t decode_grid_cells(uint32_t width, uint32_t height, unsigned strides)
{
    int64_t cells = 0;
    for (unsigned i = 0; i < strides; i++) {
        const uint32_t stride = 8u << i;
        const int64_t across = (width + stride - 1) / stride;
        cells += across * ((height + stride - 1) / stride);
    }
    return cells;
}

void decode_corners(const struct decode_plan *plan, const float corners[4], float score,
                    uint32_t label, struct candidates *out)
{
    const float across = plan->units == UNITS_PIXEL ? (float)plan->width : 1;
    const float down = plan->units == UNITS_PIXEL ? (float)plan->height : 1;
    const struct candidate candidate = {
        .box = { .x = corners[0] / across,
                 .y = corners[1] / down,
                 .width = (corners[2] - corners[0]) / across,
                 .height = (corners[3] - corners[1]) / down },
        .score = score,
        .label = label,
    };
    candidates_add(out, &candidate);
}

uint32_t decode_best(const float *scores, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (scores[i] > scores[best]) {
            best = i;
        }
    }
    return (uint32_t)best;
}
