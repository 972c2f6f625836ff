/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_TENSOR_H
#define PREDICT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What goes into a model and comes out of it: numbers in rows, of one type. */

#define TENSOR_RANK_MAX 8
#define TENSOR_NAME_SIZE 128
#define TENSOR_PORTS_MAX 16
#define TENSOR_VALUES_MAX (256 * 1024 * 1024)

enum tensor_type {
    TENSOR_F32,
    TENSOR_U8,
    TENSOR_I32,
    TENSOR_I64,
    TENSOR_OTHER, /* none that is used here */
    TENSOR_TYPE_COUNT,
};

struct tensor_shape {
    enum tensor_type type;
    unsigned rank;
    int64_t sides[TENSOR_RANK_MAX]; /* below 0: any */
};

/** A tensor that a model takes or gives. */
struct tensor_port {
    char name[TENSOR_NAME_SIZE];
    struct tensor_shape shape;
};

struct tensor_ports {
    unsigned input_count, output_count;
    struct tensor_port inputs[TENSOR_PORTS_MAX], outputs[TENSOR_PORTS_MAX];
};

struct tensor {
    struct tensor_shape shape; /* no side is below 0 */
    const void *data;          /* aligned for its type */
};

const char *tensor_type_name(enum tensor_type type); /* "f32" */
size_t tensor_type_bytes(enum tensor_type type);     /* 0 for one that is not used here */

/** The number of values; 0 when a side is 0 or free, and over TENSOR_VALUES_MAX. */
size_t tensor_count(const struct tensor_shape *shape);

/** One value, whatever the type. */
float tensor_value(const struct tensor *tensor, size_t index);

/**
 * See a shape as rows of columns: the last two sides, when all before are 1 or free.
 *
 * Errors:    false for another shape.
 */
bool tensor_as_matrix(const struct tensor_shape *shape, int64_t *rows, int64_t *columns);

/** See a shape as one row of values: the one side that is not 1. False for another shape. */
bool tensor_as_row(const struct tensor_shape *shape, int64_t *columns);

/** "f32[1,3,?,320]", cut to its room. */
void tensor_shape_print(const struct tensor_shape *shape, char *text, size_t size);

/** "boxes f32[1,4420,4], scores f32[1,4420,2]", cut to its room. */
void tensor_ports_print(const struct tensor_port *ports, unsigned count, char *text, size_t size);

#endif
