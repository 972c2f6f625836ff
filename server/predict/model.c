/* SPDX-License-Identifier: MIT */
#include "predict/model.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "predict/decoder.h"

#define PORTS_TEXT_SIZE 512
#define AXES 3 /* of a picture: channels, height, width */

struct model {
    struct model_options options;
    struct tensor_ports ports;
    struct labels labels;
    struct image_form form;
    struct tensor_image *image;
    struct image_fit fit; /* of the picture that was written last */
    const struct decoder *decoder;
    struct decode_plan plan;
    float overlap;
    struct decode_result result;
};

static bool is_channels(int64_t side)
{
    return side == 1 || side == 3;
}

/* Where the axes of a picture begin: after the batch, if there is one. */
static unsigned first_axis(const struct tensor_shape *shape)
{
    return shape->rank - AXES;
}

static bool layout_settle(const struct model_options *options, const struct tensor_shape *shape,
                          enum image_layout *layout)
{
    if ((shape->rank != AXES && shape->rank != AXES + 1) ||
        (shape->type != TENSOR_F32 && shape->type != TENSOR_U8) ||
        (shape->rank == AXES + 1 && shape->sides[0] >= 0 && shape->sides[0] != 1)) {
        return false;
    }
    const bool first = is_channels(shape->sides[first_axis(shape)]);
    const bool last = is_channels(shape->sides[shape->rank - 1]);
    if (options->layout >= 0) {
        *layout = (enum image_layout)options->layout;
        return *layout == IMAGE_NCHW ? first : last;
    }
    *layout = first ? IMAGE_NCHW : IMAGE_NHWC;
    return first || last;
}

static bool refuse_input(const struct tensor_ports *ports, const char *reason, char *why,
                         size_t why_size)
{
    char text[PORTS_TEXT_SIZE];
    tensor_ports_print(ports->inputs, ports->input_count, text, sizeof(text));
    snprintf(why, why_size, "%s; the model takes %.120s", reason, text);
    return false;
}

static bool side_settle(int64_t *side, long said)
{
    if (*side < 0 && said > 0) {
        *side = said;
    }
    return *side > 0 && *side <= IMAGE_SIDE_MAX && (said == 0 || *side == said);
}

bool model_input_shape(const struct model_options *options, const struct tensor_ports *ports,
                       struct tensor_shape *shape, char *why, size_t why_size)
{
    if (ports->input_count != 1) {
        return refuse_input(ports, "a picture is one input", why, why_size);
    }
    *shape = ports->inputs[0].shape;
    enum image_layout layout;
    if (!layout_settle(options, shape, &layout)) {
        return refuse_input(ports,
                            "a picture is f32 or u8 with 1 or 3 channels, as nchw [1,3,H,W] or "
                            "nhwc [1,H,W,3]",
                            why, why_size);
    }
    if (shape->rank > AXES) {
        shape->sides[0] = 1;
    }
    const unsigned height = first_axis(shape) + (layout == IMAGE_NCHW ? 1 : 0);
    if (!side_settle(&shape->sides[height], options->size.height) ||
        !side_settle(&shape->sides[height + 1], options->size.width)) {
        return refuse_input(ports,
                            options->size.width > 0
                                ? "size= is not the model's"
                                : "the input's size is free: say size=WIDTHxHEIGHT",
                            why, why_size);
    }
    return true;
}

static const char *const color_names[] = { "rgb", "bgr", "gray" };
static const enum pixel_format color_formats[] = { PIXEL_RGB24, PIXEL_BGR24, PIXEL_GRAY8 };

/* Numbers for each channel: those said (one for all, or one each), or the defaults. */
static bool channels_settle(const struct spec_reals *said, unsigned channels, const float *defaults,
                            float *out)
{
    if (said->count != 0 && said->count != 1 && said->count != channels) {
        return false;
    }
    for (unsigned i = 0; i < IMAGE_CHANNELS_MAX; i++) {
        out[i] = said->count == 0   ? defaults[i]
                 : said->count == 1 ? (float)said->values[0]
                                    : (float)said->values[i];
    }
    return true;
}

static int form_settle(struct model *model, char *why, size_t why_size)
{
    const struct model_options *options = &model->options;
    const struct tensor_shape *shape = &model->ports.inputs[0].shape;
    const struct decode_defaults *defaults =
        model->plan.defaults ? model->plan.defaults : &model->decoder->defaults;
    struct image_form *form = &model->form;
    form->type = shape->type;
    const int64_t channels =
        shape->sides[form->layout == IMAGE_NCHW ? first_axis(shape) : shape->rank - 1];
    form->resize = options->resize >= 0 ? (enum image_resize)options->resize : defaults->resize;
    form->color = options->color >= 0 ? color_formats[options->color]
                  : channels == 1     ? PIXEL_GRAY8
                                      : defaults->color;
    form->bar = options->bar >= 0 ? (uint8_t)options->bar : defaults->bar;
    if (image_channels(form->color) != channels) {
        (void)refuse_input(&model->ports, "color= has another number of channels", why, why_size);
        return -EINVAL;
    }
    const bool is_bytes = form->type == TENSOR_U8;
    if (is_bytes && (options->mean.count > 0 || options->scale.count > 0)) {
        (void)refuse_input(&model->ports, "mean= and scale= are for inputs of f32", why, why_size);
        return -EINVAL;
    }
    static const float nothing[IMAGE_CHANNELS_MAX] = { 0 }, one[IMAGE_CHANNELS_MAX] = { 1, 1, 1 };
    if (!channels_settle(&options->mean, (unsigned)channels, is_bytes ? nothing : defaults->mean,
                         form->mean) ||
        !channels_settle(&options->scale, (unsigned)channels, is_bytes ? one : defaults->scale,
                         form->scale)) {
        snprintf(why, why_size, "mean= and scale= take one number, or one for each channel");
        return -EINVAL;
    }
    return 0;
}

static int decoder_settle(struct model *model, char *why, size_t why_size)
{
    const struct model_options *options = &model->options;
    struct decode_plan *plan = &model->plan;
    const struct tensor_shape *shape = &model->ports.inputs[0].shape;
    const unsigned height = first_axis(shape) + (model->form.layout == IMAGE_NCHW ? 1 : 0);
    plan->height = model->form.height = (uint32_t)shape->sides[height];
    plan->width = model->form.width = (uint32_t)shape->sides[height + 1];
    plan->options = options;
    plan->ports = &model->ports;
    plan->labels = &model->labels;

    char outputs[PORTS_TEXT_SIZE];
    tensor_ports_print(model->ports.outputs, model->ports.output_count, outputs, sizeof(outputs));
    if (model->ports.output_count == 0) {
        snprintf(why, why_size, "the model gives nothing");
        return -EINVAL;
    }
    if (options->decoder < 0) {
        model->decoder = decoder_guess(plan);
        if (!model->decoder) {
            snprintf(why, why_size, "no decoder reads what the model gives: %.150s", outputs);
            return -EINVAL;
        }
    } else {
        model->decoder = decoder_get((enum decoder_id)options->decoder);
        if (!model->decoder->fits(plan)) {
            snprintf(why, why_size, "decoder=%s takes %s; the model gives %.120s",
                     model->decoder->name, model->decoder->takes, outputs);
            return -EINVAL;
        }
    }
    plan->threshold =
        options->threshold >= 0 ? (float)options->threshold : model->decoder->threshold;
    plan->top = options->top > 0 ? (unsigned)options->top : model->decoder->top;
    model->overlap = options->overlap >= 0 ? (float)options->overlap : model->decoder->overlap;
    return 0;
}

int model_new(struct model **out, const struct model_options *options,
              const struct tensor_ports *ports, char *why, size_t why_size)
{
    struct model *model = calloc(1, sizeof(*model));
    if (!model) {
        snprintf(why, why_size, "there is no memory for it");
        return -ENOMEM;
    }
    model->options = *options;
    model->ports = *ports;
    const bool has_layout =
        layout_settle(options, &model->ports.inputs[0].shape, &model->form.layout);
    assert(has_layout);
    (void)has_layout;
    int err = decoder_settle(model, why, why_size);
    if (!err) {
        err = form_settle(model, why, why_size);
    }
    if (!err && options->labels[0] != '\0') {
        err = labels_read(&model->labels, options->labels, why, why_size);
    }
    if (!err) {
        model->image = tensor_image_new(&model->form);
        if (!model->image) {
            snprintf(why, why_size, "there is no memory for it");
            err = -ENOMEM;
        }
    }
    if (err) {
        model_free(&model);
        return err;
    }
    *out = model;
    return 0;
}

void model_free(struct model **model)
{
    struct model *m = *model;
    *model = NULL;
    if (m) {
        tensor_image_free(&m->image);
        labels_free(&m->labels);
        free(m);
    }
}

static void print_channels(const float *values, char *text, size_t size)
{
    const bool is_one = values[0] == values[1] && values[0] == values[2];
    if (is_one) {
        snprintf(text, size, "%g", (double)values[0]);
    } else {
        snprintf(text, size, "%g,%g,%g", (double)values[0], (double)values[1], (double)values[2]);
    }
}

void model_describe(const struct model *model, char *text, size_t size)
{
    const struct image_form *form = &model->form;
    size_t color = 0;
    while (color_formats[color] != form->color) {
        color++;
    }
    char mean[64], scale[64];
    print_channels(form->mean, mean, sizeof(mean));
    print_channels(form->scale, scale, sizeof(scale));
    snprintf(text, size,
             "decoder=%s layout=%s size=%ux%u resize=%s color=%s mean=%s scale=%s threshold=%g "
             "overlap=%g",
             model->decoder->name, form->layout == IMAGE_NCHW ? "nchw" : "nhwc", form->width,
             form->height, form->resize == IMAGE_STRETCH ? "stretch" : "letterbox",
             color_names[color], mean, scale, (double)model->plan.threshold,
             (double)(model->overlap > 1 ? 1 : model->overlap));
}

int model_write(struct model *model, struct picture *picture, void *input,
                struct prediction *prediction)
{
    const int64_t begin_ns = clock_steady_ns();
    model->fit = image_fit_of(&model->form, picture->width, picture->height);
    const int err = tensor_image_write(model->image, picture, input);
    prediction->convert_ns += clock_steady_ns() - begin_ns;
    return err;
}

/* From fractions of the input to fractions of the picture. */
static void objects_fill(const struct model *model, struct prediction *out)
{
    const struct candidates *found = &model->result.candidates;
    for (size_t i = 0; i < found->count && out->object_count < PREDICTION_OBJECTS_MAX; i++) {
        struct image_box box = found->items[i].box;
        if (!image_fit_invert(&model->form, &model->fit, &box)) {
            continue; /* in a bar */
        }
        struct prediction_object *object = &out->objects[out->object_count++];
        *object = (struct prediction_object){
            .score = found->items[i].score > 1 ? 1 : found->items[i].score,
            .x = box.x,
            .y = box.y,
            .width = box.width,
            .height = box.height,
        };
        if (model->decoder->label && model->labels.count == 0) {
            snprintf(object->label, sizeof(object->label), "%s", model->decoder->label);
        } else {
            labels_name(&model->labels, found->items[i].label, object->label);
        }
    }
}

/* With other shapes than before. */
static void say_what_came(const struct model *model, const struct tensor *outputs,
                          struct prediction *prediction)
{
    struct tensor_port came[TENSOR_PORTS_MAX];
    char text[PORTS_TEXT_SIZE];
    memcpy(came, model->ports.outputs, sizeof(came));
    for (unsigned i = 0; i < model->ports.output_count; i++) {
        came[i].shape = outputs[i].shape;
    }
    tensor_ports_print(came, model->ports.output_count, text, sizeof(text));
    snprintf(prediction->why, sizeof(prediction->why),
             "decoder=%s cannot read what the model gave for this picture: %.150s",
             model->decoder->name, text);
}

int model_read(struct model *model, const struct tensor *outputs, struct prediction *prediction)
{
    struct decode_result *result = &model->result;
    candidates_begin(&result->candidates, model->plan.threshold);
    result->data = NULL;
    const int err = model->decoder->decode(&model->plan, outputs, result);
    if (err) {
        free(result->data);
        if (err == -EPROTO || err == -EMSGSIZE) {
            say_what_came(model, outputs, prediction);
        }
        return err;
    }
    if (model->overlap < 1) {
        candidates_suppress(&result->candidates, model->overlap, model->plan.top);
    } else {
        candidates_sort(&result->candidates, model->plan.top);
    }
    objects_fill(model, prediction);
    prediction->data = result->data;
    result->data = NULL;
    return 0;
}
