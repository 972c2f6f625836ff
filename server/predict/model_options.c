/* SPDX-License-Identifier: MIT */
#include "predict/model_options.h"

#include "predict/decoder.h"

#define FIELD(name) offsetof(struct model_options, name)

static const char *const layouts[] = { "nchw", "nhwc", NULL };
static const char *const colors[] = { "rgb", "bgr", "gray", NULL };
static const char *const resizes[] = { "stretch", "letterbox", NULL };
static const char *const corners[] = { "xyxy", "yxyx", NULL };

/* clang-format off */
#define COMMON_ROWS \
    { "decoder",   SPEC_CHOICE, FIELD(decoder),   0, 0, decoder_names }, \
    { "layout",    SPEC_CHOICE, FIELD(layout),    0, 0, layouts }, \
    { "size",      SPEC_SIZE,   FIELD(size),      1, IMAGE_SIDE_MAX, NULL }, \
    { "resize",    SPEC_CHOICE, FIELD(resize),    0, 0, resizes }, \
    { "color",     SPEC_CHOICE, FIELD(color),     0, 0, colors }, \
    { "mean",      SPEC_REALS,  FIELD(mean),      -1e6, 1e6, NULL }, \
    { "scale",     SPEC_REALS,  FIELD(scale),     1e-6, 1e6, NULL }, \
    { "bar",       SPEC_WHOLE,  FIELD(bar),       0, 255, NULL }, \
    { "labels",    SPEC_TEXT,   FIELD(labels),    0, 0, NULL }, \
    { "threshold", SPEC_REAL,   FIELD(threshold), 0, 1, NULL }, \
    { "overlap",   SPEC_REAL,   FIELD(overlap),   0, 1, NULL }, \
    { "top",       SPEC_WHOLE,  FIELD(top),       1, PREDICTION_OBJECTS_MAX, NULL }, \
    { "form",      SPEC_CHOICE, FIELD(form),      0, 0, decode_form_names }, \
    { "corners",   SPEC_CHOICE, FIELD(corners),   0, 0, corners }, \
    { "units",     SPEC_CHOICE, FIELD(units),     0, 0, decode_unit_names }

const struct spec_option model_options_onnx[] = {
    COMMON_ROWS,
    { "library",   SPEC_TEXT,   FIELD(library),   0, 0, NULL },
    { 0 },
};

const struct spec_option model_options_kserve[] = {
    COMMON_ROWS,
    { "timeout",   SPEC_WHOLE,  FIELD(timeout_ms), 1, 60000, NULL },
    { 0 },
};
/* clang-format on */

struct model_options model_options_unsaid(void)
{
    return (struct model_options){
        .decoder = -1,
        .layout = -1,
        .color = -1,
        .resize = -1,
        .form = -1,
        .corners = -1,
        .units = -1,
        .bar = -1,
        .top = -1,
        .threshold = -1,
        .overlap = -1,
        .timeout_ms = 2000,
    };
}
