/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_TENSOR_IMAGE_H
#define PREDICT_TENSOR_IMAGE_H

#include "encode/pixels.h"
#include "predict/tensor.h"

/* A picture written into a tensor as a model wants it, and the way back for boxes. */

#define IMAGE_CHANNELS_MAX 3
#define IMAGE_SIDE_MAX 4096

enum image_layout {
    IMAGE_NCHW, /* all of the first channel, then all of the next */
    IMAGE_NHWC, /* the channels of a pixel side by side */
};

enum image_resize {
    IMAGE_STRETCH,   /* fills the tensor; things get wider or narrower */
    IMAGE_LETTERBOX, /* keeps the shape of things; bars left and right, or above and below */
};

struct image_form {
    enum tensor_type type; /* TENSOR_F32, or TENSOR_U8: then mean and scale do not apply */
    enum image_layout layout;
    enum image_resize resize;
    enum pixel_format color; /* PIXEL_RGB24, PIXEL_BGR24 or PIXEL_GRAY8 */
    uint32_t width, height;
    float mean[IMAGE_CHANNELS_MAX], scale[IMAGE_CHANNELS_MAX]; /* (sample - mean) / scale */
    uint8_t bar; /* the sample that bars are filled with, before mean and scale */
};

/** Where a picture lies in the tensor, in the tensor's pixels. */
struct image_fit {
    uint32_t x, y, width, height;
};

/** x, y of the upper left corner, width, height, as fractions. */
struct image_box {
    float x, y, width, height;
};

unsigned image_channels(enum pixel_format color);

/** Where a picture of that size goes. */
struct image_fit image_fit_of(const struct image_form *form, uint32_t width, uint32_t height);

/**
 * From fractions of the tensor to fractions of the picture, cut at the picture's edges.
 *
 * Errors:    false when nothing of the box is in the picture, or it is no number.
 */
bool image_fit_invert(const struct image_form *form, const struct image_fit *fit,
                      struct image_box *box);

struct tensor_image; /* Threads: one at a time. Keeps its memory from picture to picture. */

/** Errors: NULL without memory. */
FC_NODISCARD struct tensor_image *tensor_image_new(const struct image_form *form);

/** Ignores NULL. */
void tensor_image_free(struct tensor_image **image);

/**
 * Write a picture to data, which has room for width x height x channels of the form's type.
 *
 * Errors:    -EINVAL for a picture that cannot be decoded; -ENOMEM. Allocates nothing while the
 *            size of the pictures stays.
 */
FC_NODISCARD int tensor_image_write(struct tensor_image *image, struct picture *picture,
                                    void *data);

#endif
