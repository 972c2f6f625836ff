/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void specs_find_their_kind(void **state)
{
    (void)state;
    const struct {
        const char *spec;
        const struct predictor_kind *kind;
        bool is_good;
        const char *why;
    } rows[] = {
        { "motion", &predictor_kind_motion, true, NULL },
        { "motion?", &predictor_kind_motion, true, NULL },
        { "motion?width=320&coast=1", &predictor_kind_motion, true, NULL },
        { "motion?width=31", &predictor_kind_motion, false,
          "width takes a number from 32 to 1024" },
        { "motion?coast=1x", &predictor_kind_motion, false, "coast takes" },
        { "motion?absorb", &predictor_kind_motion, false, "absorb takes" },
        { "motion?absorb=nan", &predictor_kind_motion, false, "absorb takes" },
        { "motion?speed=1&", &predictor_kind_motion, false, "no option 'speed': there are" },
        { "motions", NULL, false, "try motion" },
        { "./missing.so?a=b", &predictor_kind_plugin, false, "./missing.so' cannot be read" },
        { "./missing.onnx?library=a.so", &predictor_kind_onnx, false,
          "missing.onnx' cannot be read" },
        { "./missing.onnx?colour=rgb", &predictor_kind_onnx, false, "there is no option 'colour'" },
        { "kserve://127.0.0.1:9", &predictor_kind_kserve, false, "kserve://HOST:PORT/MODEL" },
        { "kserve://a/b.onnx?library=c", &predictor_kind_kserve, false, "no option 'library'" },
        { "motion:1", NULL, false, "there is no predictor 'motion:1': try motion" },
        { "test", &predictor_kind_test, true, NULL },
        { "test:0", &predictor_kind_test, true, NULL },
        { "test:5000", &predictor_kind_test, true, NULL },
        { "test:5001", &predictor_kind_test, false, "0 to 5000" },
        { "test:", &predictor_kind_test, false, "0 to 5000" },
        { "test: 7", &predictor_kind_test, false, "0 to 5000" },
        { "test:-7", &predictor_kind_test, false, "0 to 5000" },
        { "test:7x", &predictor_kind_test, false, "0 to 5000" },
        { "exec:cat", &predictor_kind_worker, true, NULL },
        { "exec,copies=2:cat", &predictor_kind_worker, true, NULL },
        { "exec:", &predictor_kind_worker, false, "the command is missing" },
        { "exec,copies=9:cat", &predictor_kind_worker, false, "1 to 8" },
        { "testing", NULL, false, "or test:MILLISECONDS" },
        { "", NULL, false, "or test:MILLISECONDS" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[256] = "untouched";
        assert_ptr_equal(predictor_kind_find(rows[i].spec), rows[i].kind);
        assert_int_equal(predictor_check(rows[i].spec, why, sizeof(why)), rows[i].is_good);
        assert_non_null(strstr(why, rows[i].why ? rows[i].why : "untouched"));
    }
}

static void sentence_is_cut_to_its_room(void **state)
{
    (void)state;
    for (size_t size = 1; size < 100; size++) {
        char *why = malloc(size);
        assert_false(predictor_check("nothing", why, size));
        assert_true(strlen(why) < size);
        free(why);
    }
}

static void test_kind_says_the_same_of_the_same_picture(void **state)
{
    (void)state;
    void *instance = NULL;
    char why[256] = "";
    assert_int_equal(predictor_kind_test.open(&instance, "test:1", NULL, why, sizeof(why)), 0);
    static struct prediction out[2];
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 16, 16);
    picture->seq = 150;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(predictor_kind_test.look(instance, picture, &out[i]), 0);
        assert_int_equal(out[i].object_count, 1);
        assert_string_equal(out[i].data, "{\"seq\":150}");
        free(out[i].data);
    }
    assert_memory_equal(out[0].objects, out[1].objects, sizeof(out[0].objects[0]));
    assert_int_equal(out[0].objects[0].track, 2);
    assert_true(out[0].objects[0].x > 0.39f && out[0].objects[0].x < 0.41f);
    picture_unref(&picture);
    predictor_kind_test.close(&instance);
    assert_null(instance);
    predictor_kind_test.close(&instance);
    assert_true(predictor_kind_test.open(&instance, "test:x", NULL, why, sizeof(why)) < 0);
    assert_string_not_equal(why, "");
}

/* A bright square walks over a gray ground for three seconds. */
static void motion_kind_finds_what_moves(void **state)
{
    (void)state;
    void *instance = NULL;
    char why[256] = "";
    assert_int_equal(predictor_kind_motion.open(&instance, "motion", NULL, why, sizeof(why)), 0);
    static struct prediction out;
    for (int i = 0; i < 90; i++) {
        struct picture *picture = picture_new_planar(PICTURE_YUV420, 320, 240);
        uint8_t *luma = picture_plane(picture, 0);
        const size_t stride = picture->planes[0].stride;
        memset(luma, 90, stride * 240);
        for (size_t y = 100; y < 140 && i > 45; y++) {
            memset(luma + y * stride + (size_t)i * 3, 220, 30);
        }
        picture->captured_ns = i * INT64_C(33333333);
        out.object_count = 0;
        assert_int_equal(predictor_kind_motion.look(instance, picture, &out), 0);
        assert_true(i > 45 || out.object_count == 0);
        picture_unref(&picture);
    }
    assert_int_equal(out.object_count, 1);
    assert_string_equal(out.objects[0].label, "moving");
    assert_true(out.objects[0].track > 0);
    predictor_kind_motion.close(&instance);
    predictor_kind_motion.close(&instance);
}

static void motion_kind_refuses_what_cannot_be_decoded(void **state)
{
    (void)state;
    void *instance = NULL;
    char why[256] = "";
    assert_int_equal(predictor_kind_motion.open(&instance, "motion", NULL, why, sizeof(why)), 0);
    struct picture *picture = picture_new_jpeg((const uint8_t *)"jpeg", 4, 8, 8);
    static struct prediction out;
    assert_true(predictor_kind_motion.look(instance, picture, &out) < 0);
    picture_unref(&picture);
    predictor_kind_motion.close(&instance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_find_their_kind),
        cmocka_unit_test(sentence_is_cut_to_its_room),
        cmocka_unit_test(test_kind_says_the_same_of_the_same_picture),
        cmocka_unit_test(motion_kind_finds_what_moves),
        cmocka_unit_test(motion_kind_refuses_what_cannot_be_decoded),
    };
    return cmocka_run_group_tests_name("predict/kinds", tests, NULL, NULL);
}
