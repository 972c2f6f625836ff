/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTION_H
#define PREDICT_PREDICTION_H

#include <stddef.h>
#include <stdint.h>

/* What a predictor saw in one picture. Plain data: whoever holds it owns `data`. */

#define PREDICTION_OBJECTS_MAX 256
#define PREDICTION_LABEL_SIZE 64
#define PREDICTION_WHY_SIZE 256

struct prediction_object {
    char label[PREDICTION_LABEL_SIZE]; /* UTF-8 */
    float score;                       /* 0 to 1; below 0: none */
    float x, y, width, height;         /* fractions of the picture */
    uint32_t track;                    /* 0: none */
};

struct prediction {
    const char *stream;     /* its name; borrowed while the predictor looks */
    uint64_t seq;           /* of the picture that was looked at */
    int64_t captured_at_us; /* of that picture */
    int64_t latency_ns;     /* from capture to the result */
    int64_t convert_ns;     /* of that, making of the picture what the predictor wants */
    uint32_t width, height; /* of that picture, pixels */
    size_t object_count;
    struct prediction_object objects[PREDICTION_OBJECTS_MAX];
    char *data;                    /* owned: any JSON value as text; NULL: null */
    char why[PREDICTION_WHY_SIZE]; /* of a picture that failed: a sentence, or "" */
};

#endif
