/* SPDX-License-Identifier: MIT */
#include "predict/tensor.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHAPE_TEXT_SIZE 200

static const struct {
    const char *name;
    size_t bytes;
} types[TENSOR_TYPE_COUNT] = {
    [TENSOR_F32] = { "f32", 4 }, [TENSOR_U8] = { "u8", 1 },   [TENSOR_I32] = { "i32", 4 },
    [TENSOR_I64] = { "i64", 8 }, [TENSOR_OTHER] = { "?", 0 },
};

const char *tensor_type_name(enum tensor_type type)
{
    return types[type].name;
}

size_t tensor_type_bytes(enum tensor_type type)
{
    return types[type].bytes;
}

size_t tensor_count(const struct tensor_shape *shape)
{
    size_t count = 1;
    for (unsigned i = 0; i < shape->rank; i++) {
        if (shape->sides[i] <= 0 || shape->sides[i] > TENSOR_VALUES_MAX) {
            return 0;
        }
        count *= (size_t)shape->sides[i]; /* both below 2^28 */
        if (count > TENSOR_VALUES_MAX) {
            return 0;
        }
    }
    return count;
}

float tensor_value(const struct tensor *tensor, size_t index)
{
    switch (tensor->shape.type) {
    case TENSOR_F32:
        return ((const float *)tensor->data)[index];
    case TENSOR_U8:
        return ((const uint8_t *)tensor->data)[index];
    case TENSOR_I32:
        return (float)((const int32_t *)tensor->data)[index];
    case TENSOR_I64:
        return (float)((const int64_t *)tensor->data)[index];
    case TENSOR_OTHER:
    case TENSOR_TYPE_COUNT:
        break;
    }
    return 0;
}

bool tensor_as_matrix(const struct tensor_shape *shape, int64_t *rows, int64_t *columns)
{
    if (shape->rank < 2) {
        return false;
    }
    for (unsigned i = 0; i + 2 < shape->rank; i++) {
        if (shape->sides[i] != 1 && shape->sides[i] >= 0) {
            return false;
        }
    }
    *rows = shape->sides[shape->rank - 2];
    *columns = shape->sides[shape->rank - 1];
    return true;
}

bool tensor_as_row(const struct tensor_shape *shape, int64_t *columns)
{
    int64_t side = 1;
    for (unsigned i = 0; i < shape->rank; i++) {
        const bool may_be_batch = i == 0 && shape->rank > 1 && shape->sides[i] < 0;
        if (shape->sides[i] == 1 || may_be_batch) {
            continue;
        }
        if (side != 1) {
            return false;
        }
        side = shape->sides[i];
    }
    *columns = side;
    return shape->rank > 0;
}

void tensor_shape_print(const struct tensor_shape *shape, char *text, size_t size)
{
    int used = snprintf(text, size, "%s[", types[shape->type].name);
    for (unsigned i = 0; i < shape->rank && used >= 0 && (size_t)used < size; i++) {
        char side[24] = "?";
        if (shape->sides[i] >= 0) {
            snprintf(side, sizeof(side), "%" PRId64, shape->sides[i]);
        }
        used += snprintf(text + used, size - (size_t)used, "%s%s", i > 0 ? "," : "", side);
    }
    if (used >= 0 && (size_t)used < size) {
        snprintf(text + used, size - (size_t)used, "]");
    }
}

void tensor_ports_print(const struct tensor_port *ports, unsigned count, char *text, size_t size)
{
    assert(size > 0);
    text[0] = '\0';
    int used = 0;
    for (unsigned i = 0; i < count && used >= 0 && (size_t)used < size; i++) {
        char shape[SHAPE_TEXT_SIZE];
        tensor_shape_print(&ports[i].shape, shape, sizeof(shape));
        used += snprintf(text + used, size - (size_t)used, "%s%s %s", i > 0 ? ", " : "",
                         ports[i].name, shape);
    }
}
