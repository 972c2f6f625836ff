/* SPDX-License-Identifier: MIT */
#include "predict/plugin_instance.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Linked with --wrap of malloc, calloc and aligned_alloc: those of our own code are counted. */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static unsigned count;
static int fail_after = -1; /* so many succeed, then one fails; below 0: none does */

static bool is_allowed(void)
{
    count++;
    return fail_after < 0 || fail_after-- > 0;
}

void *__wrap_malloc(size_t size)
{
    return is_allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t items, size_t size)
{
    return is_allowed() ? __real_calloc(items, size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return is_allowed() ? __real_aligned_alloc(alignment, size) : NULL;
}

static struct prediction out;
static bool says_data;

static int look(void *instance, const struct fc_image *image, struct fc_result *result)
{
    (void)instance;
    result->objects[0] = (struct fc_object){ .width = 1, .height = 1 };
    result->object_count = image->planes[0] != NULL;
    return says_data ? result->set_data(result, "true", 4) : 0;
}

/* One that wants a size whose rows go through memory of the converter's. */
static const struct fc_predictor plugin = {
    .name = "least",
    .format = FC_IMAGE_RGB24,
    .width = 31,
    .look = look,
};

static const struct plugin_opening opening = { .plugin = &plugin, .options = "" };

static struct picture *picture_of(uint32_t side)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, side, side);
    assert_non_null(picture);
    memset(picture_plane(picture, 0), 90, picture->planes[0].stride * side);
    picture->seq = 1;
    return picture;
}

static int look_once(struct plugin_instance *instance, struct picture *picture)
{
    free(out.data);
    out.data = NULL;
    out.why[0] = '\0';
    return plugin_instance_look(instance, picture, &out);
}

static void every_allocation_of_an_open_may_fail(void **state)
{
    (void)state;
    struct plugin_instance *instance = NULL;
    int failures = 0;
    for (int err = -ENOMEM; err; failures++) {
        char why[64] = "";
        fail_after = failures;
        err = plugin_instance_open(&instance, &opening, why, sizeof(why));
        assert_true(err == -ENOMEM || err == 0);
        assert_true((err == 0) == (instance != NULL));
    }
    fail_after = -1;
    assert_int_equal(failures, 3); /* itself, its converter, and then none */
    plugin_instance_close(&instance);
}

static void every_allocation_of_a_look_may_fail_and_the_next_is_well(void **state)
{
    (void)state;
    struct plugin_instance *instance = NULL;
    char why[64] = "";
    says_data = true;
    struct picture *picture = picture_of(64);
    assert_int_equal(plugin_instance_open(&instance, &opening, why, sizeof(why)), 0);
    int failures = 0;
    for (int err = -ENOMEM; err; failures++) {
        plugin_instance_close(&instance); /* for nothing is kept from before */
        assert_int_equal(plugin_instance_open(&instance, &opening, why, sizeof(why)), 0);
        fail_after = failures;
        err = look_once(instance, picture);
        fail_after = -1;
        assert_true(err == -ENOMEM || err == 0);
        assert_int_equal(look_once(instance, picture), 0);
        assert_string_equal(out.data, "true");
    }
    assert_int_equal(failures, 4); /* the image, the converter's rows, the data, and then none */
    free(out.data);
    out.data = NULL;
    picture_unref(&picture);
    plugin_instance_close(&instance);
}

static void nothing_is_allocated_while_sizes_stay(void **state)
{
    (void)state;
    struct plugin_instance *instance = NULL;
    char why[64] = "";
    says_data = false;
    struct picture *picture = picture_of(64);
    assert_int_equal(plugin_instance_open(&instance, &opening, why, sizeof(why)), 0);
    assert_int_equal(look_once(instance, picture), 0);
    const unsigned before = count;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(look_once(instance, picture), 0);
    }
    assert_int_equal(count, before);
    picture_unref(&picture);
    plugin_instance_close(&instance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_an_open_may_fail),
        cmocka_unit_test(every_allocation_of_a_look_may_fail_and_the_next_is_well),
        cmocka_unit_test(nothing_is_allocated_while_sizes_stay),
    };
    return cmocka_run_group_tests_name("predict/plugin_memory", tests, NULL, NULL);
}
