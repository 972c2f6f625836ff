/* SPDX-License-Identifier: MIT */
#include "predict/tensor_image.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Two steps: pixels_convert() scales into packed pixels, bars and all; then each sample goes to its
 * place through a table of the 256 values that it can become.
 */

#define SAMPLES 256

struct tensor_image {
    struct image_form form;
    struct pixel_converter *converter;
    struct image_fit fit; /* what the bars were drawn for */
    float values[IMAGE_CHANNELS_MAX][SAMPLES];
    uint8_t *pixels;
    size_t pixels_size;
};

unsigned image_channels(enum pixel_format color)
{
    return color == PIXEL_GRAY8 ? 1 : 3;
}

static uint32_t side_within(double side, uint32_t most)
{
    const double rounded = round(side);
    return rounded < 1 ? 1 : rounded > most ? most : (uint32_t)rounded;
}

struct image_fit image_fit_of(const struct image_form *form, uint32_t width, uint32_t height)
{
    struct image_fit fit = { .width = form->width, .height = form->height };
    if (form->resize == IMAGE_LETTERBOX) {
        const double across = (double)form->width / width;
        const double down = (double)form->height / height;
        const double scale = across < down ? across : down;
        fit.width = side_within(width * scale, form->width);
        fit.height = side_within(height * scale, form->height);
        fit.x = (form->width - fit.width) / 2;
        fit.y = (form->height - fit.height) / 2;
    }
    return fit;
}

static float within_one(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

bool image_fit_invert(const struct image_form *form, const struct image_fit *fit,
                      struct image_box *box)
{
    const float across = (float)form->width / (float)fit->width;
    const float down = (float)form->height / (float)fit->height;
    const float left = box->x * across - (float)fit->x / (float)fit->width;
    const float top = box->y * down - (float)fit->y / (float)fit->height;
    const float right = left + box->width * across;
    const float bottom = top + box->height * down;
    if (!isfinite(left) || !isfinite(top) || !isfinite(right) || !isfinite(bottom)) {
        return false;
    }
    box->x = within_one(left);
    box->y = within_one(top);
    box->width = within_one(right) - box->x;
    box->height = within_one(bottom) - box->y;
    return box->width > 0 && box->height > 0;
}

struct tensor_image *tensor_image_new(const struct image_form *form)
{
    assert(form->width > 0 && form->width <= IMAGE_SIDE_MAX);
    assert(form->height > 0 && form->height <= IMAGE_SIDE_MAX);
    assert(form->type == TENSOR_F32 || form->type == TENSOR_U8);
    struct tensor_image *image = calloc(1, sizeof(*image));
    if (!image) {
        return NULL;
    }
    image->form = *form;
    image->pixels_size = pixels_size(form->color, form->width, form->height);
    image->pixels = malloc(image->pixels_size);
    image->converter = pixel_converter_new();
    if (!image->pixels || !image->converter) {
        tensor_image_free(&image);
        return NULL;
    }
    for (unsigned channel = 0; channel < IMAGE_CHANNELS_MAX; channel++) {
        for (unsigned sample = 0; sample < SAMPLES; sample++) {
            image->values[channel][sample] =
                ((float)sample - form->mean[channel]) / form->scale[channel];
        }
    }
    return image;
}

void tensor_image_free(struct tensor_image **image)
{
    struct tensor_image *i = *image;
    *image = NULL;
    if (i) {
        pixel_converter_free(&i->converter);
        free(i->pixels);
        free(i);
    }
}

static void write_planes(const struct tensor_image *image, float *out)
{
    const unsigned channels = image_channels(image->form.color);
    const size_t count = (size_t)image->form.width * image->form.height;
    for (unsigned channel = 0; channel < channels; channel++) {
        const float *values = image->values[channel];
        const uint8_t *samples = image->pixels + channel;
        for (size_t i = 0; i < count; i++) {
            out[i] = values[samples[i * channels]];
        }
        out += count;
    }
}

static void write_pixels(const struct tensor_image *image, float *out)
{
    const unsigned channels = image_channels(image->form.color);
    for (size_t i = 0; i < image->pixels_size; i += channels) {
        for (unsigned channel = 0; channel < channels; channel++) {
            out[i + channel] = image->values[channel][image->pixels[i + channel]];
        }
    }
}

static void write_bytes(const struct tensor_image *image, uint8_t *out)
{
    const unsigned channels = image_channels(image->form.color);
    if (image->form.layout == IMAGE_NHWC || channels == 1) {
        memcpy(out, image->pixels, image->pixels_size);
        return;
    }
    const size_t count = (size_t)image->form.width * image->form.height;
    for (unsigned channel = 0; channel < channels; channel++) {
        for (size_t i = 0; i < count; i++) {
            *out++ = image->pixels[i * channels + channel];
        }
    }
}

int tensor_image_write(struct tensor_image *image, struct picture *picture, void *data)
{
    const struct image_form *form = &image->form;
    const struct image_fit fit = image_fit_of(form, picture->width, picture->height);
    if (memcmp(&fit, &image->fit, sizeof(fit)) != 0) {
        memset(image->pixels, form->bar, image->pixels_size);
        image->fit = fit;
    }
    struct pixel_target target =
        pixel_target_packed(form->color, form->width, form->height, image->pixels);
    target.planes[0] += fit.y * target.strides[0] + (size_t)fit.x * image_channels(form->color);
    target.width = fit.width;
    target.height = fit.height;
    const int err = pixels_convert(image->converter, picture, NULL, &target);
    if (err) {
        return err;
    }
    if (form->type == TENSOR_U8) {
        write_bytes(image, data);
    } else if (form->layout == IMAGE_NCHW) {
        write_planes(image, data);
    } else {
        write_pixels(image, data);
    }
    return 0;
}
