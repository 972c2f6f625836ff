/* SPDX-License-Identifier: MIT */
#include "predict/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tensor_ports ultraface(void)
{
    return (struct tensor_ports){
        .input_count = 1,
        .output_count = 2,
        .inputs = { { "in", { TENSOR_F32, 4, { -1, 3, 240, 320 } } } },
        .outputs = { { "scores", { TENSOR_F32, 3, { 1, 2, 2 } } },
                     { "boxes", { TENSOR_F32, 3, { 1, 2, 4 } } } },
    };
}

static int make(struct model **model, const char *spec, const struct tensor_ports *wanted,
                char *why)
{
    struct model_options options = model_options_unsaid();
    struct tensor_ports ports = *wanted;
    *model = NULL;
    if (!spec_options_read(spec, model_options_onnx, &options, why, 256) ||
        !model_input_shape(&options, &ports, &ports.inputs[0].shape, why, 256)) {
        return -EINVAL;
    }
    return model_new(model, &options, &ports, why, 256);
}

static void what_is_not_said_is_guessed(void **state)
{
    (void)state;
    const struct tensor_ports ports = ultraface();
    struct model *model;
    char why[256] = "", text[512];
    assert_int_equal(make(&model, "m", &ports, why), 0);
    model_describe(model, text, sizeof(text));
    assert_non_null(strstr(text, "decoder=ultraface layout=nchw size=320x240 resize=stretch "
                                 "color=rgb mean=127 scale=128 threshold=0.7 overlap=0.3"));
    model_free(&model);
    model_free(&model);
    assert_int_equal(
        make(&model, "m?mean=1,2,3&scale=4&color=bgr&resize=letterbox&threshold=0.5", &ports, why),
        0);
    model_describe(model, text, sizeof(text));
    assert_non_null(strstr(text, "resize=letterbox color=bgr mean=1,2,3 scale=4 threshold=0.5"));
    model_free(&model);
}

static void what_does_not_fit_is_refused_with_the_shapes(void **state)
{
    (void)state;
    const struct {
        const char *spec, *why;
    } rows[] = {
        { "m?decoder=yolo", "the model gives scores f32[1,2,2], boxes f32[1,2,4]" },
        { "m?size=640x480", "size= is not the model's; the model takes in f32[1,3,240,320]" },
        { "m?layout=nhwc", "the model takes in f32[?,3,240,320]" },
        { "m?color=gray", "color= has another number of channels" },
        { "m?mean=1,2", "one for each channel" },
        { "m?labels=/nowhere", "/nowhere' cannot be read" },
        { "m?decoder=what", "it takes ultraface, nanodet, yolo, ssd, classify or raw" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct tensor_ports ports = ultraface();
        struct model *model;
        char why[256] = "";
        assert_true(make(&model, rows[i].spec, &ports, why) < 0);
        assert_null(model);
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s: %s", rows[i].spec, why);
        }
    }
}

static void inputs_that_are_no_picture_are_refused(void **state)
{
    (void)state;
    struct model *model;
    char why[256] = "";
    struct tensor_ports ports = ultraface();
    ports.input_count = 2;
    assert_int_equal(make(&model, "m", &ports, why), -EINVAL);
    assert_non_null(strstr(why, "a picture is one input"));
    ports = ultraface();
    ports.inputs[0].shape.sides[2] = -1;
    assert_int_equal(make(&model, "m", &ports, why), -EINVAL);
    assert_non_null(strstr(why, "say size=WIDTHxHEIGHT"));
    assert_int_equal(make(&model, "m?size=320x64", &ports, why), 0);
    model_free(&model);
    ports = ultraface();
    ports.inputs[0].shape.type = TENSOR_I64;
    assert_int_equal(make(&model, "m", &ports, why), -EINVAL);
    ports = ultraface();
    ports.inputs[0].shape.sides[0] = 2;
    assert_int_equal(make(&model, "m", &ports, why), -EINVAL);
    ports = ultraface();
    ports.inputs[0].shape.type = TENSOR_U8;
    assert_int_equal(make(&model, "m?mean=3", &ports, why), -EINVAL);
    assert_non_null(strstr(why, "for inputs of f32"));
}

/* Two boxes of the same face, on a letterboxed picture. */
static void outputs_become_objects_of_the_picture(void **state)
{
    (void)state;
    const struct tensor_ports ports = ultraface();
    struct model *model;
    char why[256] = "";
    assert_int_equal(make(&model, "m?resize=letterbox", &ports, why), 0);
    const float scores[] = { 0.1f, 0.9f, 0.2f, 0.8f };
    const float boxes[] = { 0.25f, 0.125f, 0.5f, 0.5f, 0.26f, 0.125f, 0.5f, 0.5f };
    const struct tensor outputs[] = { { ports.outputs[0].shape, scores },
                                      { ports.outputs[1].shape, boxes } };
    static struct prediction out;
    static float input[3 * 240 * 320];
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 1280, 720);
    memset(picture_plane(picture, 0), 128, picture->planes[0].stride * 720);
    assert_int_equal(model_write(model, picture, input, &out), 0); /* bars of 30 above and below */
    assert_true(out.convert_ns > 0);
    picture_unref(&picture);
    assert_int_equal(model_read(model, outputs, &out), 0);
    assert_int_equal(out.object_count, 1);
    assert_string_equal(out.objects[0].label, "face");
    assert_float_equal(out.objects[0].x, 0.25f, 1e-4f);
    assert_float_equal(out.objects[0].y, 0, 1e-4f);
    assert_float_equal(out.objects[0].width, 0.25f, 1e-4f);
    assert_float_equal(out.objects[0].height, 0.5f, 1e-4f);
    model_free(&model);
}

static void outputs_of_other_shapes_are_refused_with_them(void **state)
{
    (void)state;
    const struct tensor_ports ports = ultraface();
    struct model *model;
    char why[256] = "";
    assert_int_equal(make(&model, "m", &ports, why), 0);
    const float values[8] = { 0 };
    const struct tensor outputs[] = { { { TENSOR_F32, 3, { 1, 1, 2 } }, values },
                                      { ports.outputs[1].shape, values } };
    static struct prediction out;
    assert_int_equal(model_read(model, outputs, &out), -EPROTO);
    assert_string_equal(out.why, "decoder=ultraface cannot read what the model gave for this "
                                 "picture: scores f32[1,1,2], boxes f32[1,2,4]");
    model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_guessed),
        cmocka_unit_test(what_does_not_fit_is_refused_with_the_shapes),
        cmocka_unit_test(inputs_that_are_no_picture_are_refused),
        cmocka_unit_test(outputs_become_objects_of_the_picture),
        cmocka_unit_test(outputs_of_other_shapes_are_refused_with_them),
    };
    return cmocka_run_group_tests_name("predict/model", tests, NULL, NULL);
}
