/* SPDX-License-Identifier: MIT */
#include "predict/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void values_are_counted_within_the_limit(void **state)
{
    (void)state;
    const struct {
        struct tensor_shape shape;
        size_t count;
    } rows[] = {
        { { TENSOR_F32, 0, { 0 } }, 1 }, /* a single number has no sides */
        { { TENSOR_F32, 1, { 7 } }, 7 },
        { { TENSOR_F32, 4, { 1, 3, 240, 320 } }, 230400 },
        { { TENSOR_F32, 3, { 1, 0, 4 } }, 0 },
        { { TENSOR_F32, 3, { 1, -1, 4 } }, 0 },
        { { TENSOR_F32, 1, { TENSOR_VALUES_MAX } }, TENSOR_VALUES_MAX },
        { { TENSOR_F32, 1, { TENSOR_VALUES_MAX + 1 } }, 0 },
        { { TENSOR_F32, 2, { TENSOR_VALUES_MAX / 2, 2 } }, TENSOR_VALUES_MAX },
        { { TENSOR_F32, 2, { TENSOR_VALUES_MAX / 2, 3 } }, 0 },
        { { TENSOR_F32, 2, { INT64_MAX, INT64_MAX } }, 0 },
        { { TENSOR_F32, 2, { INT64_C(1) << 32, INT64_C(1) << 32 } }, 0 }, /* 0 when it wraps */
        { { TENSOR_F32, 8, { 65536, 65536, 65536, 65536, 1, 1, 1, 1 } }, 0 },
        { { TENSOR_F32, 1, { INT64_MIN } }, 0 },
        { { TENSOR_F32, 8, { 2, 2, 2, 2, 2, 2, 2, 2 } }, 256 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(tensor_count(&rows[i].shape), rows[i].count);
    }
}

static void types_have_a_name_and_a_size(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t bytes;
    } rows[TENSOR_TYPE_COUNT] = {
        [TENSOR_F32] = { "f32", 4 }, [TENSOR_U8] = { "u8", 1 },   [TENSOR_I32] = { "i32", 4 },
        [TENSOR_I64] = { "i64", 8 }, [TENSOR_OTHER] = { "?", 0 },
    };
    for (int type = 0; type < TENSOR_TYPE_COUNT; type++) {
        assert_string_equal(tensor_type_name((enum tensor_type)type), rows[type].name);
        assert_int_equal(tensor_type_bytes((enum tensor_type)type), rows[type].bytes);
    }
}

static void values_of_every_type_are_read(void **state)
{
    (void)state;
    const float floats[] = { 1, -2.5f };
    const uint8_t bytes[] = { 1, 255 };
    const int32_t ints[] = { 1, -70000 };
    const int64_t longs[] = { 1, -(INT64_C(1) << 40) };
    const struct {
        struct tensor tensor;
        float second;
    } rows[] = {
        { { { TENSOR_F32, 1, { 2 } }, floats }, -2.5f },
        { { { TENSOR_U8, 1, { 2 } }, bytes }, 255 },
        { { { TENSOR_I32, 1, { 2 } }, ints }, -70000 },
        { { { TENSOR_I64, 1, { 2 } }, longs }, -1099511627776.0f },
        { { { TENSOR_OTHER, 1, { 2 } }, NULL }, 0 }, /* is not touched */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_float_equal(tensor_value(&rows[i].tensor, 1), rows[i].second, 0);
        const float first = rows[i].tensor.data ? 1 : 0;
        assert_float_equal(tensor_value(&rows[i].tensor, 0), first, 0);
    }
}

static void shapes_are_seen_as_a_matrix(void **state)
{
    (void)state;
    const struct {
        struct tensor_shape shape;
        bool is_matrix;
        int64_t rows, columns;
    } rows[] = {
        { { TENSOR_F32, 2, { 5, 4 } }, true, 5, 4 },
        { { TENSOR_F32, 3, { 1, 5, 4 } }, true, 5, 4 },
        { { TENSOR_F32, 3, { -1, 5, 4 } }, true, 5, 4 },
        { { TENSOR_F32, 4, { 1, -1, -1, 7 } }, true, -1, 7 },
        { { TENSOR_F32, 2, { 0, 4 } }, true, 0, 4 }, /* nothing was found */
        { { TENSOR_F32, 8, { 1, 1, 1, 1, 1, 1, 2, 3 } }, true, 2, 3 },
        { { TENSOR_F32, 3, { 2, 5, 4 } }, false, 0, 0 },
        { { TENSOR_F32, 3, { 0, 5, 4 } }, false, 0, 0 },
        { { TENSOR_F32, 1, { 5 } }, false, 0, 0 },
        { { TENSOR_F32, 0, { 0 } }, false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t height = 99, width = 99;
        assert_int_equal(tensor_as_matrix(&rows[i].shape, &height, &width), rows[i].is_matrix);
        assert_int_equal(height, rows[i].is_matrix ? rows[i].rows : 99);
        assert_int_equal(width, rows[i].is_matrix ? rows[i].columns : 99);
    }
}

static void shapes_are_seen_as_a_row(void **state)
{
    (void)state;
    const struct {
        struct tensor_shape shape;
        bool is_row;
        int64_t columns;
    } rows[] = {
        { { TENSOR_F32, 1, { 1000 } }, true, 1000 },
        { { TENSOR_F32, 2, { 1, 1000 } }, true, 1000 },
        { { TENSOR_F32, 2, { -1, 1000 } }, true, 1000 },
        { { TENSOR_F32, 4, { 1, 1000, 1, 1 } }, true, 1000 },
        { { TENSOR_F32, 2, { 1, -1 } }, true, -1 },
        { { TENSOR_F32, 1, { -1 } }, true, -1 }, /* no batch where it is all there is */
        { { TENSOR_F32, 1, { 1 } }, true, 1 },
        { { TENSOR_F32, 2, { 1, 0 } }, true, 0 },
        { { TENSOR_F32, 2, { 2, 1000 } }, false, 0 },
        { { TENSOR_F32, 3, { 1, -1, 1000 } }, false, 0 },
        { { TENSOR_F32, 0, { 0 } }, false, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t columns = 99;
        assert_int_equal(tensor_as_row(&rows[i].shape, &columns), rows[i].is_row);
        assert_true(!rows[i].is_row || columns == rows[i].columns);
    }
}

/* Every room, of exactly its size, so that a sanitizer sees a byte beyond it. */
static void sentences_are_cut_to_their_room(void **state)
{
    (void)state;
    const struct tensor_port ports[] = {
        { "boxes", { TENSOR_F32, 3, { 1, 4420, 4 } } },
        { "n", { TENSOR_I64, 0, { 0 } } },
        { "odd", { TENSOR_OTHER, 4, { -1, 0, INT64_MAX, INT64_MIN } } },
    };
    const char *whole = "boxes f32[1,4420,4], n i64[], odd ?[?,0,9223372036854775807,?]";
    const char *shape = "?[?,0,9223372036854775807,?]";
    for (size_t size = 1; size <= strlen(whole) + 2; size++) {
        const size_t room = size - 1;
        char *text = malloc(size);
        memset(text, 'x', size);
        tensor_ports_print(ports, 3, text, size);
        assert_int_equal(strlen(text), room < strlen(whole) ? room : strlen(whole));
        assert_memory_equal(text, whole, strlen(text));
        memset(text, 'x', size);
        tensor_shape_print(&ports[2].shape, text, size);
        assert_int_equal(strlen(text), room < strlen(shape) ? room : strlen(shape));
        assert_memory_equal(text, shape, strlen(text));
        tensor_ports_print(ports, 0, text, size);
        assert_string_equal(text, "");
        free(text);
    }
}

static void longest_names_and_shapes_are_printed(void **state)
{
    (void)state;
    static struct tensor_port ports[TENSOR_PORTS_MAX];
    for (unsigned i = 0; i < TENSOR_PORTS_MAX; i++) {
        memset(ports[i].name, 'n', TENSOR_NAME_SIZE - 1);
        ports[i].shape.rank = TENSOR_RANK_MAX;
        for (unsigned side = 0; side < TENSOR_RANK_MAX; side++) {
            ports[i].shape.sides[side] = INT64_MAX;
        }
    }
    char text[8192];
    tensor_ports_print(ports, TENSOR_PORTS_MAX, text, sizeof(text));
    const size_t one =
        TENSOR_NAME_SIZE - 1 + strlen(" f32[]") + 8 * strlen("9223372036854775807") + 7;
    assert_int_equal(strlen(text), TENSOR_PORTS_MAX * one + (TENSOR_PORTS_MAX - 1) * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_counted_within_the_limit),
        cmocka_unit_test(types_have_a_name_and_a_size),
        cmocka_unit_test(values_of_every_type_are_read),
        cmocka_unit_test(shapes_are_seen_as_a_matrix),
        cmocka_unit_test(shapes_are_seen_as_a_row),
        cmocka_unit_test(sentences_are_cut_to_their_room),
        cmocka_unit_test(longest_names_and_shapes_are_printed),
    };
    return cmocka_run_group_tests_name("predict/tensor", tests, NULL, NULL);
}
