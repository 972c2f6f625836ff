/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tensor_ports ports;
static struct tensor outputs[4];
static struct model_options options;
static struct labels labels;
static struct decode_plan plan;
static struct decode_result result;

static int setup(void **state)
{
    (void)state;
    memset(&ports, 0, sizeof(ports));
    memset(outputs, 0, sizeof(outputs));
    memset(&labels, 0, sizeof(labels));
    options = model_options_unsaid();
    plan = (struct decode_plan){
        .options = &options, .ports = &ports, .labels = &labels, .width = 64, .height = 64, .top = 5
    };
    return 0;
}

/* An output of zeros, whose values the caller writes; up to the last side that is not 0. */
static float *output(const char *name, int64_t a, int64_t b, int64_t c)
{
    const unsigned i = ports.output_count++;
    struct tensor_shape shape = { .type = TENSOR_F32, .sides = { a, b, c } };
    shape.rank = c ? 3 : b ? 2 : 1;
    snprintf(ports.outputs[i].name, TENSOR_NAME_SIZE, "%s", name);
    ports.outputs[i].shape = shape;
    outputs[i].shape = shape;
    float *data = calloc(tensor_count(&shape), sizeof(float));
    outputs[i].data = data;
    return data;
}

static void outputs_free(void)
{
    for (unsigned i = 0; i < ports.output_count; i++) {
        free((void *)(uintptr_t)outputs[i].data);
    }
}

static const struct decoder *guess_and_decode(float threshold)
{
    const struct decoder *decoder = decoder_guess(&plan);
    assert_non_null(decoder);
    result.data = NULL;
    candidates_begin(&result.candidates, threshold);
    assert_int_equal(decoder->decode(&plan, outputs, &result), 0);
    return decoder;
}

static void assert_found(size_t i, const float box[4], float score, uint32_t label)
{
    const struct candidate *found = &result.candidates.items[i];
    assert_true(i < result.candidates.count);
    assert_float_equal(found->box.x, box[0], 1e-4f);
    assert_float_equal(found->box.y, box[1], 1e-4f);
    assert_float_equal(found->box.width, box[2], 1e-4f);
    assert_float_equal(found->box.height, box[3], 1e-4f);
    assert_float_equal(found->score, score, 1e-4f);
    assert_int_equal(found->label, label);
}

static void fill(float *to, const float *from, size_t count)
{
    memcpy(to, from, count * sizeof(*to));
}

static void ultraface_reads_scores_and_corners(void **state)
{
    (void)state;
    float *boxes = output("b", 1, 3, 4), *scores = output("s", 1, 3, 2); /* in either order */
    fill(scores, (const float[]){ 0.9f, 0.1f, 0.2f, 0.8f, 0.4f, 0.6f }, 6);
    fill(boxes + 4, (const float[]){ 0.1f, 0.2f, 0.4f, 0.6f, 0.5f, 0.5f, 0.6f, 0.7f }, 8);
    assert_ptr_equal(guess_and_decode(0.7f), &decoder_ultraface);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 0.1f, 0.2f, 0.3f, 0.4f }, 0.8f, 1);
    outputs[1].shape.sides[1] = 2; /* fewer than there are boxes */
    assert_int_equal(decoder_ultraface.decode(&plan, outputs, &result), -EPROTO);
    outputs_free();
}

/* 64x64 has 8x8 + 4x4 + 2x2 = 84 cells. */
static void yolo_reads_rows(void **state)
{
    (void)state;
    float *rows = output("o", 1, 252, 7);
    fill(rows + 100 * 7, (const float[]){ 32, 16, 16, 8, 0.8f, 0.1f, 0.9f }, 7);
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_yolo);
    assert_int_equal(plan.form, FORM_ROWS);
    assert_null(plan.defaults);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 0.375f, 0.1875f, 0.25f, 0.125f }, 0.72f, 1);
    outputs_free();
}

static void yolo_reads_a_grid(void **state)
{
    (void)state;
    float *rows = output("o", 1, 84, 7);
    /* stride 16, cell 2,1 of 4x4: its place is 64 + 1 * 4 + 2 */
    fill(rows + 70 * 7, (const float[]){ 0.5f, 0.25f, 0, logf(2), 1, 0.75f, 0.5f }, 7);
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_yolo);
    assert_int_equal(plan.form, FORM_GRID);
    assert_int_equal(plan.defaults->color, PIXEL_BGR24);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 32.0f / 64, 4.0f / 64, 0.25f, 0.5f }, 0.75f, 0);
    outputs_free();
}

static void yolo_reads_columns(void **state)
{
    (void)state;
    float *values = output("o", 1, 7, 84);
    const float column[] = { 32, 16, 16, 8, 0.1f, 0.2f, 0.6f };
    for (size_t place = 0; place < 84; place += 83) { /* the first, and the last of a short block */
        for (size_t i = 0; i < 7; i++) {
            values[i * 84 + place] = column[i];
        }
    }
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_yolo);
    assert_int_equal(plan.form, FORM_COLUMNS);
    assert_int_equal(result.candidates.count, 2);
    assert_found(0, (const float[]){ 0.375f, 0.1875f, 0.25f, 0.125f }, 0.6f, 2);
    assert_found(1, (const float[]){ 0.375f, 0.1875f, 0.25f, 0.125f }, 0.6f, 2);
    outputs_free();
}

static void yolo_reads_what_is_final(void **state)
{
    (void)state;
    float *rows = output("o", 1, 10, 6);
    fill(rows, (const float[]){ 16, 16, 48, 32, 0.9f, 3, 1, 1, 2, 2, 0.9f, -1 }, 12);
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_yolo);
    assert_int_equal(plan.form, FORM_FINAL);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 0.25f, 0.25f, 0.5f, 0.25f }, 0.9f, 3);
    outputs_free();
}

/* Certain distances: all weight on one bin. */
static void sides_write(float *bins, const int *steps)
{
    for (int side = 0; side < 4; side++) {
        bins[side * 8 + steps[side]] = 50;
    }
}

static void nanodet_reads_distributions(void **state)
{
    (void)state;
    /* with stride 64 there is one cell more: 85 */
    float *rows = output("o", 1, 85, 2 + 32);
    float *row = rows + 70 * 34; /* stride 16, cell 2,1: 32,16 */
    row[1] = 0.9f;
    sides_write(row + 2, (const int[]){ 1, 1, 2, 0 });
    row[2 + 24] = 0; /* the last side: half 0, half 1 */
    row[2 + 24 + 2] = 0;
    for (int bin = 0; bin < 8; bin++) {
        row[2 + 24 + bin] = bin < 2 ? 50 : 0;
    }
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_nanodet);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 16.0f / 64, 0, 48.0f / 64, 24.0f / 64 }, 0.9f, 1);
    outputs_free();
}

static void nanodet_reads_lists_of_each_stride(void **state)
{
    (void)state;
    float *scores = output("c8", 1, 64, 3);
    (void)output("c16", 1, 16, 3);
    float *sides = output("d8", 1, 64, 32);
    (void)output("d16", 1, 16, 32);
    scores[9 * 3 + 2] = 0.8f; /* cell 1,1: its middle is 12,12 */
    sides_write(sides + 9 * 32, (const int[]){ 1, 1, 1, 1 });
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_nanodet);
    assert_int_equal(plan.form, FORM_LISTS);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 4.0f / 64, 4.0f / 64, 0.25f, 0.25f }, 0.8f, 2);
    outputs_free();
}

static void ssd_reads_lists(void **state)
{
    (void)state;
    float *boxes = output("detection_boxes", 1, 2, 4), *classes = output("classes", 1, 2, 0),
          *scores = output("scores", 1, 2, 0);
    (void)output("num_detections", 1, 0, 0);
    fill(boxes, (const float[]){ 0.1f, 0.2f, 0.5f, 0.8f }, 4);
    fill(classes, (const float[]){ 17, 1 }, 2);
    fill(scores, (const float[]){ 0.9f, 0.1f }, 2);
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_ssd);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 0.2f, 0.1f, 0.6f, 0.4f }, 0.9f, 17); /* y came first */
    options.corners = 0;
    (void)guess_and_decode(0.5f);
    assert_found(0, (const float[]){ 0.1f, 0.2f, 0.4f, 0.6f }, 0.9f, 17);
    outputs_free();
}

static void ssd_reads_scores_of_each_class(void **state)
{
    (void)state;
    float *scores = output("s", 1, 3, 5), *boxes = output("b", 1, 3, 4);
    fill(scores, (const float[]){ 0.9f, 0, 0, 0.1f, 0, 0.1f, 0.2f, 0.6f, 0.1f, 0 }, 10);
    fill(boxes, (const float[]){ 0, 0, 1, 1, 0.1f, 0.2f, 0.4f, 0.6f }, 8);
    options.form = FORM_ROWS;
    assert_true(decoder_ssd.fits(&plan));
    candidates_begin(&result.candidates, 0.5f);
    assert_int_equal(decoder_ssd.decode(&plan, outputs, &result), 0);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 0.1f, 0.2f, 0.3f, 0.4f }, 0.6f, 2);
    outputs_free();
}

static void ssd_reads_what_is_final(void **state)
{
    (void)state;
    float *rows = output("o", 1, 1, 3);
    free(rows);
    const struct tensor_shape shape = { TENSOR_F32, 4, { 1, 1, 3, 7 } };
    rows = calloc(21, sizeof(*rows));
    ports.outputs[0].shape = outputs[0].shape = shape;
    outputs[0].data = rows;
    fill(rows, (const float[]){ 0, 5, 0.9f, 0.1f, 0.2f, 0.4f, 0.6f, -1, 1, 1, 0, 0, 1, 1 }, 14);
    assert_ptr_equal(guess_and_decode(0.5f), &decoder_ssd);
    assert_int_equal(result.candidates.count, 1);
    assert_found(0, (const float[]){ 0.1f, 0.2f, 0.3f, 0.4f }, 0.9f, 5);
    outputs_free();
}

static void classify_says_the_best(void **state)
{
    (void)state;
    float *scores = output("o", 1, 4, 0);
    fill(scores, (const float[]){ 1, 3, -2, 1 }, 4); /* logarithms */
    plan.top = 2;
    assert_ptr_equal(guess_and_decode(0.01f), &decoder_classify);
    assert_string_equal(result.data, "{\"classes\":[{\"label\":\"class 1\",\"score\":0.7828},"
                                     "{\"label\":\"class 0\",\"score\":0.1059}]}");
    assert_int_equal(result.candidates.count, 0);
    free(result.data);
    fill(scores, (const float[]){ 0.25f, 0.5f, 0, 1 }, 4); /* as they are */
    (void)guess_and_decode(0.01f);
    assert_string_equal(result.data, "{\"classes\":[{\"label\":\"class 3\",\"score\":1.0},"
                                     "{\"label\":\"class 1\",\"score\":0.5}]}");
    free(result.data);
    outputs_free();
}

static void raw_says_the_numbers(void **state)
{
    (void)state;
    float *a = output("a\"b", 1, 2, 2);
    (void)output("c", 1, 0, 0);
    fill(a, (const float[]){ 0.5f, NAN, 1e10f, -3 }, 4);
    assert_ptr_equal(guess_and_decode(0), &decoder_raw);
    assert_string_equal(result.data, "{\"outputs\":[{\"name\":\"a\\\"b\",\"shape\":[1,2,2],"
                                     "\"values\":[0.5,null,1e+10,-3]},"
                                     "{\"name\":\"c\",\"shape\":[1],\"values\":[0]}]}");
    free(result.data);
    outputs_free();
}

static void raw_has_its_limit(void **state)
{
    (void)state;
    (void)output("o", 1, 4097, 1);
    assert_false(decoder_raw.fits(&plan));
    assert_int_equal(decoder_raw.decode(&plan, outputs, &result), -EMSGSIZE);
    ports.outputs[0].shape.sides[1] = 4096;
    assert_true(decoder_raw.fits(&plan));
    outputs_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ultraface_reads_scores_and_corners, setup),
        cmocka_unit_test_setup(yolo_reads_rows, setup),
        cmocka_unit_test_setup(yolo_reads_a_grid, setup),
        cmocka_unit_test_setup(yolo_reads_columns, setup),
        cmocka_unit_test_setup(yolo_reads_what_is_final, setup),
        cmocka_unit_test_setup(nanodet_reads_distributions, setup),
        cmocka_unit_test_setup(nanodet_reads_lists_of_each_stride, setup),
        cmocka_unit_test_setup(ssd_reads_lists, setup),
        cmocka_unit_test_setup(ssd_reads_scores_of_each_class, setup),
        cmocka_unit_test_setup(ssd_reads_what_is_final, setup),
        cmocka_unit_test_setup(classify_says_the_best, setup),
        cmocka_unit_test_setup(raw_says_the_numbers, setup),
        cmocka_unit_test_setup(raw_has_its_limit, setup),
    };
    return cmocka_run_group_tests_name("predict/decoders", tests, NULL, NULL);
}
