/* SPDX-License-Identifier: MIT */
#include "picture/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "picture/picture_pool.h"

static unsigned released;

static void count_release(struct picture *picture)
{
    assert_string_equal(picture->owner, "owner");
    released++;
}

static char owner[] = "owner";

static void picture_last_unref_releases(void **state)
{
    (void)state;
    released = 0;
    struct picture *first = picture_new(count_release, owner);
    assert_non_null(first);
    struct picture *second = picture_ref(first);
    picture_unref(&first);
    assert_null(first);
    assert_int_equal(released, 0);
    picture_unref(&second);
    assert_int_equal(released, 1);
    picture_unref(&second);
    assert_int_equal(released, 1);
}

static void picture_takes_its_pixels_along(void **state)
{
    (void)state;
    released = 0;
    struct picture *jpeg = picture_new_jpeg((const uint8_t *)"abc", 3, 8, 8);
    assert_non_null(jpeg);
    assert_int_equal(jpeg->format, PICTURE_JPEG);
    assert_int_equal(jpeg->bytes, 3);
    assert_memory_equal(jpeg->planes[0].data, "abc", 3);
    jpeg->pixels = picture_new(count_release, owner);
    picture_unref(&jpeg);
    assert_int_equal(released, 1);
}

static void picture_planes_have_their_sizes(void **state)
{
    (void)state;
    static const struct {
        enum picture_format format;
        uint32_t chroma_width, chroma_height;
    } rows[] = {
        { PICTURE_YUV420, 4, 3 },
        { PICTURE_YUV422, 4, 5 },
        { PICTURE_YUV444, 7, 5 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct picture *picture = picture_new_planar(rows[i].format, 7, 5);
        assert_non_null(picture);
        assert_int_equal(picture_plane_width(picture, 0), 7);
        assert_int_equal(picture_plane_height(picture, 0), 5);
        assert_int_equal(picture_plane_width(picture, 1), rows[i].chroma_width);
        assert_int_equal(picture_plane_height(picture, 2), rows[i].chroma_height);
        for (unsigned plane = 0; plane < PICTURE_PLANES_MAX; plane++) {
            memset(picture_plane(picture, plane), 7,
                   picture->planes[plane].stride * picture_plane_height(picture, plane));
        }
        picture_unref(&picture);
    }
}

static void picture_planar_has_limits(void **state)
{
    (void)state;
    assert_null(picture_new_planar(PICTURE_YUV420, 0, 5));
    assert_null(picture_new_planar(PICTURE_YUV420, 5, 0));
    assert_null(picture_new_planar(PICTURE_GRAY, PICTURE_SIDE_MAX + 1, 1));
    assert_null(picture_new_planar(PICTURE_GRAY, PICTURE_SIDE_MAX, 4097));
    assert_null(picture_new_planar(PICTURE_JPEG, 16, 16));
    struct picture *picture = picture_new_planar(PICTURE_GRAY, PICTURE_SIDE_MAX, 1);
    assert_non_null(picture);
    picture_unref(&picture);
    picture = picture_new_planar(PICTURE_GRAY, 1, PICTURE_SIDE_MAX);
    assert_non_null(picture);
    picture_unref(&picture);
}

static void picture_pool_gives_memory_again(void **state)
{
    (void)state;
    struct picture_pool *pool = picture_pool_new(PICTURE_YUV420, 64, 48);
    assert_non_null(pool);
    assert_true(picture_pool_fits(pool, PICTURE_YUV420, 64, 48));
    assert_false(picture_pool_fits(pool, PICTURE_YUV420, 64, 49));
    assert_false(picture_pool_fits(NULL, PICTURE_YUV420, 64, 48));

    struct picture *first = picture_pool_take(pool);
    assert_non_null(first);
    const uint8_t *memory = first->planes[0].data;
    struct picture *second = picture_pool_take(pool);
    assert_non_null(second);
    assert_ptr_not_equal(second->planes[0].data, memory);
    first->is_discontinuity = true;
    picture_unref(&first);
    struct picture *third = picture_pool_take(pool);
    assert_non_null(third);
    assert_ptr_equal(third->planes[0].data, memory);
    assert_false(third->is_discontinuity);
    picture_unref(&third);

    picture_pool_free(&pool);
    memset(picture_plane(second, 2), 1, second->planes[2].stride * 24); /* outlives the pool */
    picture_unref(&second);
}

static void picture_pool_keeps_a_few(void **state)
{
    (void)state;
    struct picture_pool *pool = picture_pool_new(PICTURE_GRAY, 8, 8);
    struct picture *pictures[PICTURE_POOL_KEPT_MAX + 2];
    for (unsigned i = 0; i < PICTURE_POOL_KEPT_MAX + 2; i++) {
        pictures[i] = picture_pool_take(pool);
        assert_non_null(pictures[i]);
    }
    for (unsigned i = 0; i < PICTURE_POOL_KEPT_MAX + 2; i++) {
        picture_unref(&pictures[i]);
    }
    picture_pool_free(&pool);
    picture_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_last_unref_releases),
        cmocka_unit_test(picture_takes_its_pixels_along),
        cmocka_unit_test(picture_planes_have_their_sizes),
        cmocka_unit_test(picture_planar_has_limits),
        cmocka_unit_test(picture_pool_gives_memory_again),
        cmocka_unit_test(picture_pool_keeps_a_few),
    };
    return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
