/* SPDX-License-Identifier: MIT */
#include "predict/worker_shape.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "encode/jpeg.h"

static void sizes_follow_the_wish(void **state)
{
    (void)state;
    static const struct {
        enum pixel_format format;
        uint32_t wish[2], picture[2], size[2];
    } rows[] = {
        { PIXEL_RGB24, { 0, 0 }, { 1280, 720 }, { 1280, 720 } },
        { PIXEL_RGB24, { 640, 0 }, { 1280, 720 }, { 640, 360 } },
        { PIXEL_RGB24, { 0, 360 }, { 1280, 720 }, { 640, 360 } },
        { PIXEL_RGB24, { 320, 240 }, { 1280, 720 }, { 320, 240 } },
        { PIXEL_RGB24, { 2560, 0 }, { 1280, 720 }, { 2560, 1440 } },
        { PIXEL_RGB24, { 10, 0 }, { 10000, 2 }, { 10, 1 } },
        { PIXEL_NV12, { 0, 0 }, { 1279, 721 }, { 1278, 720 } },
        { PIXEL_NV12, { 0, 0 }, { 1, 1 }, { 2, 2 } },
        { PIXEL_NV12, { 100, 0 }, { 1280, 720 }, { 100, 56 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct worker_wish wish = { .format = rows[i].format,
                                          .width = rows[i].wish[0],
                                          .height = rows[i].wish[1] };
        struct picture picture = { .width = rows[i].picture[0], .height = rows[i].picture[1] };
        uint32_t width = 0, height = 0;
        worker_shape_size(&wish, &picture, &width, &height);
        assert_int_equal(width, rows[i].size[0]);
        assert_int_equal(height, rows[i].size[1]);
    }
}

static struct worker_slots slots;
static struct worker_shaper *shaper;

static struct picture *gray_new(uint32_t width, uint32_t height)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, width, height);
    picture->is_full_range = true;
    memset(picture_plane(picture, 0), 80, picture->planes[0].stride * height);
    return picture;
}

static void pixels_land_in_their_slot(void **state)
{
    (void)state;
    struct picture *picture = gray_new(62, 40);
    for (enum pixel_format format = 0; format < PIXEL_FORMAT_COUNT; format++) {
        const struct worker_wish wish = { .format = format };
        struct worker_item item = { .slot = format };
        worker_slot(&slots, format)[pixels_size(format, 62, 40)] = 201;
        assert_int_equal(worker_shape(shaper, &wish, &slots, picture, &item), 0);
        assert_int_equal(item.bytes, pixels_size(format, 62, 40));
        assert_int_equal(item.stride, format == PIXEL_RGB24 || format == PIXEL_BGR24 ? 186 : 62);
        assert_true(worker_slot(&slots, format)[0] >= 78 && worker_slot(&slots, format)[0] <= 82);
        assert_int_equal(worker_slot(&slots, format)[item.bytes], 201);
        assert_ptr_equal(item.picture, picture);
    }
    picture_unref(&picture);
}

static void jpegs_pass_as_they_are(void **state)
{
    (void)state;
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    struct picture *gray = gray_new(64, 48);
    struct jpeg_image image;
    assert_int_equal(jpeg_encode(encoder, gray, (struct jpeg_request){ 0 }, &image), 0);
    struct picture *jpeg = picture_new_jpeg(image.bytes.data, image.bytes.size, 64, 48);
    struct worker_item item = { .slot = 3 };
    struct worker_wish wish = { .is_jpeg = true };
    assert_int_equal(worker_shape(shaper, &wish, &slots, jpeg, &item), 0);
    assert_int_equal(item.bytes, image.bytes.size);
    assert_memory_equal(worker_slot(&slots, 3), image.bytes.data, item.bytes);
    assert_int_equal(item.stride, 0);

    wish.width = 32;
    assert_int_equal(worker_shape(shaper, &wish, &slots, jpeg, &item), 0);
    assert_int_equal(item.width, 32);
    assert_int_equal(item.height, 24);
    picture_unref(&jpeg);
    picture_unref(&gray);
    jpeg_encoder_free(&encoder);
}

static void what_cannot_be_decoded_is_refused(void **state)
{
    (void)state;
    struct picture *jpeg = picture_new_jpeg((const uint8_t *)"jpeg", 4, 64, 48);
    struct worker_item item = { .slot = 0 };
    const struct worker_wish wish = { .format = PIXEL_RGB24 };
    assert_int_equal(worker_shape(shaper, &wish, &slots, jpeg, &item), -EINVAL);
    const struct worker_wish endless = { .format = PIXEL_RGB24, .width = 16384 };
    struct picture *tall = gray_new(2, 64);
    assert_int_equal(worker_shape(shaper, &endless, &slots, tall, &item), -EINVAL);
    picture_unref(&tall);
    picture_unref(&jpeg);
}

static int setup(void **state)
{
    (void)state;
    shaper = worker_shaper_new();
    return !shaper || worker_slots_open(&slots);
}

static int teardown(void **state)
{
    (void)state;
    worker_shaper_free(&shaper);
    worker_slots_close(&slots);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_follow_the_wish),
        cmocka_unit_test(pixels_land_in_their_slot),
        cmocka_unit_test(jpegs_pass_as_they_are),
        cmocka_unit_test(what_cannot_be_decoded_is_refused),
    };
    return cmocka_run_group_tests_name("predict/worker_shape", tests, setup, teardown);
}
