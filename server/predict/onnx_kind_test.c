/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* FAKE_ONNX is what testing/onnx.c became: a runtime whose model's file says what goes wrong. */

#define LOOKS 4 /* the run at the start is the first, so the second look is the bad one */
#define BAD_LOOK 1

static struct quota quota = { .most = 1000, .window_ns = INT64_C(1000000000) };
static const struct predictor_place place = { .stream = "cam", .stop_fd = -1, .quota = &quota };

static char folder[] = "/tmp/onnx_kind_test_XXXXXX";
static char model[PATH_MAX], spec[2 * PATH_MAX];
static struct prediction out;
static long (*alive)(void);
static void (*fail_at)(long call);

static int setup(void **state)
{
    (void)state;
    void *library = dlopen(FAKE_ONNX, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    void *symbols[] = { dlsym(library, "fake_onnx_alive"), dlsym(library, "fake_onnx_fail_at") };
    memcpy(&alive, &symbols[0], sizeof(alive));
    memcpy(&fail_at, &symbols[1], sizeof(fail_at));
    assert_non_null(mkdtemp(folder));
    snprintf(model, sizeof(model), "%s/face.onnx", folder);
    snprintf(spec, sizeof(spec), "%s?library=%s", model, FAKE_ONNX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(model);
    return rmdir(folder);
}

static void write_model(const char *script)
{
    FILE *file = fopen(model, "we");
    assert_non_null(file);
    fputs(script, file);
    assert_int_equal(fclose(file), 0);
}

static void *opened(void)
{
    void *instance = NULL;
    char why[PREDICTION_WHY_SIZE] = "";
    if (predictor_kind_onnx.open(&instance, spec, &place, why, sizeof(why))) {
        fail_msg("%s", why);
    }
    return instance;
}

static int look(void *instance)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 64, 64);
    assert_non_null(picture);
    memset(picture_plane(picture, 0), 90, picture->planes[0].stride * 64);
    memset(&out, 0, sizeof(out));
    const int err = predictor_kind_onnx.look(instance, picture, &out);
    assert_null(out.data);
    picture_unref(&picture);
    return err;
}

static void faces_are_found(void **state)
{
    (void)state;
    write_model("well");
    void *instance = opened();
    for (int i = 0; i < LOOKS; i++) {
        assert_int_equal(look(instance), 0);
        assert_int_equal(out.object_count, 2);
        assert_string_equal(out.objects[0].label, "face");
        assert_float_equal(out.objects[0].score, 0.9, 1e-6);
        assert_float_equal(out.objects[1].x, 0.5, 1e-6);
    }
    predictor_kind_onnx.close(&instance);
    predictor_kind_onnx.close(&instance);
    assert_int_equal(alive(), 0);
}

/* It costs the picture, is said in words, and leaves the instance as good as before. */
static void what_goes_wrong_in_the_middle_costs_one_picture(void **state)
{
    (void)state;
    const struct {
        const char *script;
        int err;
        const char *why;
    } rows[] = {
        { "refused", -EINVAL, "the third run fails" },
        { "list", -ENOTSUP, "an output of it is no tensor" },
        { "rank", -ENOTSUP, "a tensor of it has 9 sides, over 8" },
        { "unlike", -EPROTO,
          "decoder=ultraface cannot read what the model gave for this picture: scores f32[1], "
          "boxes f32[1]" },
        { "type", -EPROTO, "for this picture: scores ?[1,2,2], boxes ?[1,2,4]" },
        { "more", -EPROTO, "for this picture: scores f32[1,3,2], boxes f32[1,2,4]" },
        { "empty", 0, "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_model(rows[i].script);
        void *instance = opened();
        for (int nth = 0; nth < LOOKS; nth++) {
            const int wanted = nth == BAD_LOOK ? rows[i].err : 0;
            assert_int_equal(look(instance), wanted);
            assert_non_null(strstr(out.why, wanted ? rows[i].why : ""));
            assert_int_equal(out.object_count, nth == BAD_LOOK ? 0 : 2);
        }
        predictor_kind_onnx.close(&instance);
        assert_int_equal(alive(), 0);
    }
}

static void model_that_is_none_is_refused_with_a_sentence(void **state)
{
    (void)state;
    const struct {
        const char *script, *why;
    } rows[] = {
        { "garbage", "Protobuf parsing failed." },
        { "", "/face.onnx' is empty" },
        { "many", "it has 17 inputs or outputs, over 16" },
        { "long", "the name of its tensor 'nnnn" },
        { "pair", "a picture is one input; the model takes" },
        { "nothing", "the model gives nothing" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_model(rows[i].script);
        char why[PREDICTION_WHY_SIZE] = "";
        assert_false(predictor_check(spec, why, sizeof(why)));
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s: %s", rows[i].script, why);
        }
        assert_int_equal(alive(), 0);
    }
    write_model("well");
    char why[PREDICTION_WHY_SIZE] = "untouched";
    assert_true(predictor_check(spec, why, sizeof(why)));
    assert_string_equal(why, "untouched");
    assert_int_equal(alive(), 0);
}

static void path_that_is_no_file_is_refused(void **state)
{
    (void)state;
    unlink(model);
    char why[PREDICTION_WHY_SIZE] = "";
    assert_false(predictor_check(spec, why, sizeof(why)));
    assert_non_null(strstr(why, "/face.onnx' cannot be read: No such file"));
    assert_int_equal(mkdir(model, 0700), 0);
    assert_false(predictor_check(spec, why, sizeof(why)));
    assert_non_null(strstr(why, "/face.onnx' cannot be read: Is a directory"));
    assert_int_equal(rmdir(model), 0);
    assert_int_equal(symlink(model, model), 0);
    assert_false(predictor_check(spec, why, sizeof(why)));
    assert_non_null(strstr(why, "/face.onnx' cannot be read: Too many levels"));
    assert_int_equal(unlink(model), 0);
}

static void every_call_of_an_open_may_fail(void **state)
{
    (void)state;
    write_model("well");
    void *instance = NULL;
    long call = 0;
    for (int err = -1; err; call++) {
        char why[PREDICTION_WHY_SIZE] = "", wanted[64];
        fail_at(call + 1);
        err = predictor_kind_onnx.open(&instance, spec, &place, why, sizeof(why));
        snprintf(wanted, sizeof(wanted), "call %ld fails", call + 1);
        assert_string_equal(why, err ? wanted : "");
        assert_true((err == 0) == (instance != NULL));
        assert_true(err == 0 || alive() == 0);
    }
    fail_at(0);
    assert_true(call > 40); /* or the fake is not asked */
    predictor_kind_onnx.close(&instance);
    assert_int_equal(alive(), 0);
}

static void every_call_of_a_look_may_fail_and_the_next_is_well(void **state)
{
    (void)state;
    write_model("well");
    void *instance = opened();
    assert_int_equal(look(instance), 0);
    const long before = alive();
    long call = 0;
    for (int err = -1; err; call++) {
        fail_at(call + 1);
        err = look(instance);
        assert_true(err == 0 || err == -EINVAL);
        assert_true((err != 0) == (strstr(out.why, "fails") != NULL));
        fail_at(0);
        assert_int_equal(look(instance), 0);
        assert_int_equal(out.object_count, 2);
        assert_int_equal(alive(), before);
    }
    assert_true(call > 10);
    predictor_kind_onnx.close(&instance);
    assert_int_equal(alive(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_an_open_may_fail), /* first: loads the runtime as well */
        cmocka_unit_test(faces_are_found),
        cmocka_unit_test(what_goes_wrong_in_the_middle_costs_one_picture),
        cmocka_unit_test(model_that_is_none_is_refused_with_a_sentence),
        cmocka_unit_test(path_that_is_no_file_is_refused),
        cmocka_unit_test(every_call_of_a_look_may_fail_and_the_next_is_well),
    };
    return cmocka_run_group_tests_name("predict/onnx_kind", tests, setup, teardown);
}
