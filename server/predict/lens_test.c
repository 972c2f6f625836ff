/* SPDX-License-Identifier: MIT */
#include "predict/lens.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A kind that says of each picture an object in its right half, or one that fills it. */
struct fake {
    unsigned looks;
    uint32_t widths[64], heights[64];
    bool fills, has_data;
    int result;
};

static int fake_look(void *instance, struct picture *picture, struct prediction *out)
{
    struct fake *fake = instance;
    fake->widths[fake->looks] = picture->width;
    fake->heights[fake->looks] = picture->height;
    fake->looks++;
    assert_int_equal(out->seq, 5);
    assert_int_equal(out->width, picture->width);
    assert_int_equal(out->object_count, 0);
    out->objects[0] = (struct prediction_object){ .label = "it", .score = 0.5f };
    out->objects[0].x = fake->fills ? 0 : 0.5f;
    out->objects[0].width = fake->fills ? 1 : 0.5f;
    out->objects[0].height = 1;
    out->object_count = 1;
    if (fake->has_data && asprintf(&out->data, "%u", fake->looks) < 0) {
        out->data = NULL;
    }
    if (fake->result) {
        strcpy(out->why, "as it was told");
    }
    return fake->result;
}

static const struct predictor_kind kind = { .name = "fake", .look = fake_look };

static struct prediction out;

/* Look at a picture of 200x100 through a lens. */
static int look(struct fake *fake, const struct view_region *region, uint32_t width,
                struct found *found)
{
    struct lens *lens = lens_new(region, width);
    struct inbox_item item = { .picture = picture_new_planar(PICTURE_YUV420, 200, 100),
                               .found = found };
    assert_true(lens && item.picture);
    item.picture->seq = 5;
    out = (struct prediction){ .seq = 5, .width = 200, .height = 100 };
    const int err = lens_look(lens, &kind, fake, &item, &out);
    assert_int_equal(out.width, 200);
    assert_int_equal(out.height, 100);
    assert_true(out.convert_ns > 0 || out.object_count == 0 || fake->looks > 0);
    lens_free(&lens);
    picture_unref(&item.picture);
    return err;
}

static bool is_at(const struct prediction_object *object, double x, double y, double width,
                  double height)
{
    const double sides[] = { object->x - x, object->y - y, object->width - width,
                             object->height - height };
    for (int i = 0; i < 4; i++) {
        if (sides[i] < -0.006 || sides[i] > 0.006) { /* a pixel */
            return false;
        }
    }
    return true;
}

static void a_region_is_shown_and_its_boxes_are_of_the_picture(void **state)
{
    (void)state;
    struct fake fake = { 0 };
    assert_int_equal(look(&fake, &(struct view_region){ 0.5f, 0.2f, 0.4f, 0.5f }, 40, NULL), 0);
    assert_int_equal(fake.widths[0], 40);
    assert_int_equal(fake.heights[0], 25);
    assert_int_equal(out.object_count, 1);
    assert_true(is_at(&out.objects[0], 0.7, 0.2, 0.2, 0.5));

    assert_int_equal(look(&fake, &(struct view_region){ 0 }, 50, NULL), 0);
    assert_int_equal(fake.widths[1], 50);
    assert_true(is_at(&out.objects[0], 0.5, 0, 0.5, 1));
}

static struct found *found_make(size_t count)
{
    struct found *found = calloc(1, sizeof(*found) + count * sizeof(found->objects[0]));
    assert_non_null(found);
    found->count = count;
    for (size_t i = 0; i < count; i++) {
        found->objects[i] = (struct prediction_object){ .score = (float)i / 100,
                                                        .x = 0.1f,
                                                        .y = 0.5f,
                                                        .width = 0.4f,
                                                        .height = 0.4f,
                                                        .track = (uint32_t)i + 1 };
    }
    return found;
}

static void a_crop_is_shown_for_each_box(void **state)
{
    (void)state;
    struct found *found = found_make(2);
    struct fake fake = { .has_data = true };
    assert_int_equal(look(&fake, &(struct view_region){ 0 }, 0, found), 0);
    assert_int_equal(fake.looks, 2);
    assert_int_equal(fake.widths[0], 80);
    assert_int_equal(fake.heights[0], 40);
    assert_int_equal(out.object_count, 2);
    assert_true(is_at(&out.objects[0], 0.3, 0.5, 0.2, 0.4));
    assert_int_equal(out.objects[0].track, 0); /* a part of the box is something else */
    assert_string_equal(out.data, "[{\"box\":[0.1,0.5,0.4,0.4],\"track\":1,\"data\":1},"
                                  "{\"box\":[0.1,0.5,0.4,0.4],\"track\":2,\"data\":2}]");
    free(out.data);

    fake = (struct fake){ .fills = true };
    assert_int_equal(look(&fake, &(struct view_region){ 0 }, 0, found), 0);
    assert_true(is_at(&out.objects[1], 0.1, 0.5, 0.4, 0.4));
    assert_int_equal(out.objects[1].track, 2);
    assert_null(out.data);
    free(found);
}

static void only_the_best_boxes_are_looked_at(void **state)
{
    (void)state;
    struct found *found = found_make(LENS_CROPS_MAX + 4);
    struct fake fake = { .fills = true };
    assert_int_equal(look(&fake, &(struct view_region){ 0 }, 0, found), 0);
    assert_int_equal(fake.looks, LENS_CROPS_MAX);
    assert_int_equal(out.objects[0].track, 5); /* the four with the least score are left out */
    found->count = 0;
    assert_int_equal(look(&fake, &(struct view_region){ 0 }, 0, found), 0);
    assert_int_equal(fake.looks, LENS_CROPS_MAX);
    assert_int_equal(out.object_count, 0);
    free(found);
}

static void a_failure_is_handed_on(void **state)
{
    (void)state;
    struct found *found = found_make(3);
    struct fake fake = { .result = -EPIPE, .has_data = true };
    assert_int_equal(look(&fake, &(struct view_region){ 0 }, 0, found), -EPIPE);
    assert_int_equal(fake.looks, 1);
    assert_string_equal(out.why, "as it was told");
    assert_null(out.data);
    free(found);
    assert_int_equal(look(&fake, &(struct view_region){ 2, 0, 1, 1 }, 0, NULL), -EINVAL);
    assert_non_null(strstr(out.why, "region"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_shown_and_its_boxes_are_of_the_picture),
        cmocka_unit_test(a_crop_is_shown_for_each_box),
        cmocka_unit_test(only_the_best_boxes_are_looked_at),
        cmocka_unit_test(a_failure_is_handed_on),
    };
    return cmocka_run_group_tests_name("predict/lens", tests, NULL, NULL);
}
