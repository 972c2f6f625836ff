/* SPDX-License-Identifier: MIT */
#include "predict/plugin_instance.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "predict/plugin_load.h"
#include "predictors/motion/predictor.h"

/* testing/naughty.c says what it was given: its first sample as a score, the format as a track, and
 * as data [width, height, width of the picture, height of it, is full range, stream]. */

#define WHY_SIZE 256

#define OPENING(which, text)                                  \
    (struct plugin_opening)                                   \
    {                                                         \
        .plugin = (which), .options = (text), .place = &place \
    }

static struct quota quota = { .most = 1000, .window_ns = INT64_C(1000000000) };
static const struct predictor_place place = { .stream = "cam", .stop_fd = -1, .quota = &quota };
static struct prediction out;

static int open_it(struct plugin_instance **instance, const char *options, char *why)
{
    struct fc_predictor plugin;
    assert_int_equal(plugin_load(&plugin, PLUGINS "/naughty.so", why, WHY_SIZE), 0);
    return plugin_instance_open(instance, &OPENING(&plugin, options), why, WHY_SIZE);
}

static struct plugin_instance *opened(const char *options)
{
    char why[WHY_SIZE] = "";
    struct plugin_instance *instance = NULL;
    assert_int_equal(open_it(&instance, options, why), 0);
    return instance;
}

static struct picture *picture_of(enum picture_format format, uint32_t width, uint32_t height)
{
    struct picture *picture = picture_new_planar(format, width, height);
    assert_non_null(picture);
    for (unsigned plane = 0; plane < (format == PICTURE_GRAY ? 1u : 3u); plane++) {
        memset(picture_plane(picture, plane),
               plane == 0   ? 76
               : plane == 1 ? 85
                            : 255, /* red */
               picture->planes[plane].stride * picture_plane_height(picture, plane));
    }
    picture->is_full_range = true;
    return picture;
}

static int look(struct plugin_instance *instance, struct picture *picture)
{
    free(out.data);
    out.data = NULL;
    out.object_count = 0;
    out.why[0] = '\0';
    out.stream = "cam";
    picture->seq = 1;
    return plugin_instance_look(instance, picture, &out);
}

static void done(struct plugin_instance **instance, struct picture **picture)
{
    free(out.data);
    out.data = NULL;
    picture_unref(picture);
    plugin_instance_close(instance);
    assert_null(*instance);
    plugin_instance_close(instance);
}

static void images_come_as_they_are_asked_for(void **state)
{
    (void)state;
    const struct {
        const char *options;
        enum picture_format from;
        uint32_t width, height;
        const char *data;
        enum fc_image_format format;
        int first; /* sample */
    } rows[] = {
        { "", PICTURE_GRAY, 33, 17, "[33, 17, 33, 17, 1, \"cam\"]", FC_IMAGE_GRAY8, 76 },
        { "", PICTURE_YUV420, 33, 17, "[33, 17, 33, 17, 1, \"cam\"]", FC_IMAGE_YUV420, 76 },
        { "", PICTURE_YUV422, 1, 1, "[1, 1, 1, 1, 1, \"cam\"]", FC_IMAGE_YUV422, 76 },
        { "", PICTURE_YUV444, 3, 5, "[3, 5, 3, 5, 1, \"cam\"]", FC_IMAGE_YUV444, 76 },
        { "format=1", PICTURE_YUV420, 33, 17, "[33, 17, 33, 17, 1, \"cam\"]", FC_IMAGE_GRAY8, 76 },
        { "format=2", PICTURE_YUV420, 33, 17, "[33, 17, 33, 17, 1, \"cam\"]", FC_IMAGE_RGB24, 254 },
        { "format=3", PICTURE_YUV420, 33, 17, "[33, 17, 33, 17, 1, \"cam\"]", FC_IMAGE_BGR24, 0 },
        { "format=4", PICTURE_YUV444, 33, 17, "[32, 16, 33, 17, 1, \"cam\"]", FC_IMAGE_NV12, 76 },
        { "format=4", PICTURE_YUV444, 1, 1, "[2, 2, 1, 1, 1, \"cam\"]", FC_IMAGE_NV12, 76 },
        { "format=2&width=64&height=64", PICTURE_YUV420, 320, 240, "[64, 64, 320, 240, 1, \"cam\"]",
          FC_IMAGE_RGB24, 254 },
        { "format=2&width=64", PICTURE_YUV420, 320, 240, "[64, 48, 320, 240, 1, \"cam\"]",
          FC_IMAGE_RGB24, 254 },
        { "format=1&height=50", PICTURE_GRAY, 320, 240, "[67, 50, 320, 240, 1, \"cam\"]",
          FC_IMAGE_GRAY8, 76 },
        { "format=1&width=4", PICTURE_GRAY, 100, 3, "[4, 1, 100, 3, 1, \"cam\"]", FC_IMAGE_GRAY8,
          76 },
        { "format=4&width=64", PICTURE_GRAY, 320, 242, "[64, 48, 320, 242, 1, \"cam\"]",
          FC_IMAGE_NV12, 76 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plugin_instance *instance = opened(rows[i].options);
        struct picture *picture = picture_of(rows[i].from, rows[i].width, rows[i].height);
        assert_int_equal(look(instance, picture), 0);
        assert_string_equal(out.data, rows[i].data);
        assert_int_equal(out.object_count, 1);
        assert_int_equal(out.objects[0].track, rows[i].format);
        assert_float_equal(out.objects[0].score * 255, (float)rows[i].first, 3);
        assert_string_equal(out.objects[0].label, "corner");
        done(&instance, &picture);
    }
}

static void range_is_said_or_made_full(void **state)
{
    (void)state;
    for (int is_asked = 0; is_asked < 2; is_asked++) {
        struct plugin_instance *instance = opened(is_asked ? "format=1" : "");
        struct picture *picture = picture_of(PICTURE_YUV420, 16, 16);
        picture->is_full_range = false;
        memset(picture_plane(picture, 0), 16, picture->planes[0].stride);
        assert_int_equal(look(instance, picture), 0);
        assert_float_equal(out.objects[0].score * 255, (is_asked ? 0 : 16), 1);
        assert_non_null(strstr(out.data, is_asked ? ", 1, \"cam\"" : ", 0, \"cam\""));
        done(&instance, &picture);
    }
}

static void sizes_may_change(void **state)
{
    (void)state;
    struct plugin_instance *instance = opened("format=2");
    const uint32_t sides[] = { 16, 1, 300, 3, 300, 33 };
    struct picture *picture = NULL;
    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
        picture_unref(&picture);
        picture = picture_of(PICTURE_YUV420, sides[i], sides[i]);
        assert_int_equal(look(instance, picture), 0);
        assert_float_equal(out.objects[0].score * 255, 254, 3);
    }
    done(&instance, &picture);
}

static void options_and_wishes_are_refused_with_a_sentence(void **state)
{
    (void)state;
    const struct {
        const char *options;
        int err;
        const char *why;
    } rows[] = {
        { "do=no\nsuch", -EINVAL, "there is no 'no such'" },
        { "format=5", -EINVAL, "a format other than" },
        { "format=4&width=3", -EINVAL, "odd" },
        { "width=3", -EINVAL, "as they are" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[WHY_SIZE] = "";
        struct plugin_instance *instance = NULL;
        assert_int_equal(open_it(&instance, rows[i].options, why), rows[i].err);
        assert_non_null(strstr(why, rows[i].why));
        assert_null(instance);
    }
}

static void broken_rules_are_failures_with_a_sentence(void **state)
{
    (void)state;
    const struct {
        const char *options;
        int err;
        const char *why;
    } rows[] = {
        { "do=many", -EPROTO, "it gave 257 objects, and there is room for 256" },
        { "do=one", -EPROTO, "its look() returned 1, which is no negative errno" },
        { "do=small", -ERANGE, "8x8 is 'too small' " },
        { "do=nan", 0, "" }, /* prediction_check() sees to these */
        { "do=label", 0, "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plugin_instance *instance = opened(rows[i].options);
        struct picture *picture = picture_of(PICTURE_GRAY, 8, 8);
        assert_int_equal(look(instance, picture), rows[i].err);
        assert_string_equal(out.why, rows[i].why);
        assert_int_equal(out.object_count, rows[i].err ? 0 : 1);
        done(&instance, &picture);
    }
}

static void failure_is_one_picture_s(void **state)
{
    (void)state;
    struct plugin_instance *instance = opened("do=third");
    struct picture *picture = picture_of(PICTURE_GRAY, 8, 8);
    for (int i = 1; i <= 9; i++) {
        assert_int_equal(look(instance, picture), i % 3 == 0 ? -EIO : 0);
    }
    done(&instance, &picture);
}

static void what_cannot_be_decoded_never_reaches_it(void **state)
{
    (void)state;
    for (int is_asked = 0; is_asked < 2; is_asked++) {
        struct plugin_instance *instance = opened(is_asked ? "format=2" : "");
        struct picture *picture = picture_new_jpeg((const uint8_t *)"jpeg", 4, 8, 8);
        assert_int_equal(look(instance, picture), -EINVAL);
        assert_string_equal(out.why, "the picture cannot be decoded");
        picture_unref(&picture);
        picture = picture_of(PICTURE_GRAY, 8, 8);
        assert_int_equal(look(instance, picture), 0);
        done(&instance, &picture);
    }
}

/* ---- a plug-in of the least that is possible, and data ---- */

static size_t data_size;

static int says_data(void *instance, const struct fc_image *image, struct fc_result *result)
{
    assert_null(instance);
    assert_int_equal(image->size, sizeof(*image));
    assert_int_equal(result->size, sizeof(*result));
    char *json = malloc(data_size);
    memset(json, '7', data_size);
    int err = result->set_data(result, "1", 1);
    assert_int_equal(err, 0);
    err = result->set_data(result, json, data_size);
    free(json);
    return err;
}

static void open_and_close_may_be_missing_and_data_has_a_limit(void **state)
{
    (void)state;
    const struct fc_predictor plugin = { .name = "least", .look = says_data };
    for (size_t more = 0; more < 2; more++) {
        struct plugin_instance *instance = NULL;
        char why[WHY_SIZE] = "untouched";
        assert_int_equal(plugin_instance_open(&instance, &OPENING(&plugin, ""), why, sizeof(why)),
                         0);
        assert_string_equal(why, "untouched");
        struct picture *picture = picture_of(PICTURE_GRAY, 8, 8);
        data_size = FC_PREDICTOR_DATA_MAX_BYTES + more;
        assert_int_equal(look(instance, picture), more ? -EMSGSIZE : 0);
        assert_int_equal(strlen(out.data), more ? 1 : data_size);
        done(&instance, &picture);
    }
}

/* ---- built in and loaded ---- */

/* A bright square that begins to walk over gray ground after two seconds. */
static struct picture *walk(int number)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 320, 240);
    assert_non_null(picture);
    uint8_t *luma = picture_plane(picture, 0);
    const size_t stride = picture->planes[0].stride;
    memset(luma, 90, stride * 240);
    for (size_t y = 100; y < 140 && number > 50; y++) {
        memset(luma + y * stride + (size_t)number * 3, 220, 30);
    }
    picture->captured_ns = number * INT64_C(40000000);
    return picture;
}

static void motion_says_the_same_built_in_and_loaded(void **state)
{
    (void)state;
    char why[WHY_SIZE] = "";
    struct fc_predictor loaded;
    assert_int_equal(plugin_load(&loaded, MOTION, why, sizeof(why)), 0);
    assert_ptr_not_equal(loaded.look, motion_predictor.look);
    struct plugin_instance *one = NULL, *other = NULL;
    assert_int_equal(plugin_instance_open(&one, &OPENING(&motion_predictor, ""), why, sizeof(why)),
                     0);
    assert_int_equal(plugin_instance_open(&other, &OPENING(&loaded, "coast=0.7"), why, sizeof(why)),
                     0);
    static struct prediction first;
    size_t seen = 0;
    for (int i = 0; i < 80; i++) {
        struct picture *picture = walk(i);
        assert_int_equal(look(one, picture), 0);
        first = out;
        assert_int_equal(look(other, picture), 0);
        assert_int_equal(out.object_count, first.object_count);
        assert_memory_equal(out.objects, first.objects,
                            first.object_count * sizeof(first.objects[0]));
        seen += out.object_count;
        picture_unref(&picture);
    }
    assert_true(seen > 20);
    plugin_instance_close(&one);
    plugin_instance_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_come_as_they_are_asked_for),
        cmocka_unit_test(range_is_said_or_made_full),
        cmocka_unit_test(sizes_may_change),
        cmocka_unit_test(options_and_wishes_are_refused_with_a_sentence),
        cmocka_unit_test(broken_rules_are_failures_with_a_sentence),
        cmocka_unit_test(failure_is_one_picture_s),
        cmocka_unit_test(what_cannot_be_decoded_never_reaches_it),
        cmocka_unit_test(motion_says_the_same_built_in_and_loaded),
        cmocka_unit_test(open_and_close_may_be_missing_and_data_has_a_limit),
    };
    return cmocka_run_group_tests_name("predict/plugin_instance", tests, NULL, NULL);
}
