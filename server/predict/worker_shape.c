/* SPDX-License-Identifier: MIT */
#include "predict/worker_shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/jpeg.h"

struct worker_shaper {
    struct pixel_converter *converter;
    struct jpeg_encoder *encoder;
};

struct worker_shaper *worker_shaper_new(void)
{
    struct worker_shaper *shaper = calloc(1, sizeof(*shaper));
    if (shaper) {
        shaper->converter = pixel_converter_new();
        shaper->encoder = jpeg_encoder_new();
        if (!shaper->converter || !shaper->encoder) {
            worker_shaper_free(&shaper);
        }
    }
    return shaper;
}

void worker_shaper_free(struct worker_shaper **shaper)
{
    struct worker_shaper *s = *shaper;
    *shaper = NULL;
    if (s) {
        pixel_converter_free(&s->converter);
        jpeg_encoder_free(&s->encoder);
        free(s);
    }
}

/* side * to / from, rounded, and at least 1. */
static uint32_t side_scaled(uint32_t side, uint32_t to, uint32_t from)
{
    const uint64_t scaled = ((uint64_t)side * to + from / 2) / from;
    return scaled == 0 ? 1 : scaled > UINT32_MAX ? UINT32_MAX : (uint32_t)scaled;
}

static uint32_t side_even(uint32_t side)
{
    return side < 2 ? 2 : side & ~UINT32_C(1);
}

void worker_shape_size(const struct worker_wish *wish, const struct picture *picture,
                       uint32_t *width, uint32_t *height)
{
    *width = wish->width;
    *height = wish->height;
    if (wish->width == 0 && wish->height == 0) {
        *width = picture->width;
        *height = picture->height;
    } else if (wish->width == 0) {
        *width = side_scaled(picture->width, wish->height, picture->height);
    } else if (wish->height == 0) {
        *height = side_scaled(picture->height, wish->width, picture->width);
    }
    if (wish->format == PIXEL_NV12) {
        *width = side_even(*width);
        *height = side_even(*height);
    }
}

static int shape_jpeg(struct worker_shaper *shaper, uint32_t width, uint8_t *slot,
                      struct picture *picture, struct worker_item *item)
{
    struct jpeg_image image;
    const int err =
        jpeg_encode(shaper->encoder, picture, (struct jpeg_request){ .width = width }, &image);
    if (err) {
        return err;
    }
    if (image.bytes.size > WORKER_SLOT_SIZE) {
        return -EINVAL;
    }
    memcpy(slot, image.bytes.data, image.bytes.size);
    item->bytes = image.bytes.size;
    item->stride = 0;
    item->width = image.width;
    item->height = image.height;
    return 0;
}

int worker_shape(struct worker_shaper *shaper, const struct worker_wish *wish,
                 const struct worker_slots *slots, struct picture *picture,
                 struct worker_item *item)
{
    uint8_t *slot = worker_slot(slots, item->slot);
    item->picture = picture;
    if (wish->is_jpeg) {
        return shape_jpeg(shaper, wish->width, slot, picture, item);
    }
    worker_shape_size(wish, picture, &item->width, &item->height);
    item->bytes = pixels_size(wish->format, item->width, item->height);
    if (item->bytes == 0 || item->bytes > WORKER_SLOT_SIZE) {
        return -EINVAL;
    }
    const struct pixel_target target =
        pixel_target_packed(wish->format, item->width, item->height, slot);
    item->stride = target.strides[0];
    return pixels_convert(shaper->converter, picture, NULL, &target);
}
