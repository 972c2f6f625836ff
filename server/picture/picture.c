/* SPDX-License-Identifier: MIT */
#include "picture/picture.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROW_ALIGN 64 /* bytes; what vector code likes to find */

struct picture *picture_new(void (*release)(struct picture *picture), void *owner)
{
    struct picture *picture = calloc(1, sizeof(*picture));
    if (!picture) {
        return NULL;
    }
    atomic_init(&picture->refs, 1);
    picture->release = release;
    picture->owner = owner;
    return picture;
}

static void owner_free(struct picture *picture)
{
    free(picture->owner);
}

uint32_t picture_plane_width(const struct picture *picture, unsigned plane)
{
    const bool is_halved = plane > 0 && picture->format != PICTURE_YUV444;
    return is_halved ? (picture->width + 1) / 2 : picture->width;
}

uint32_t picture_plane_height(const struct picture *picture, unsigned plane)
{
    const bool is_halved = plane > 0 && picture->format == PICTURE_YUV420;
    return is_halved ? (picture->height + 1) / 2 : picture->height;
}

static unsigned plane_count(enum picture_format format)
{
    switch (format) {
    case PICTURE_GRAY:
        return 1;
    case PICTURE_YUV420:
    case PICTURE_YUV422:
    case PICTURE_YUV444:
        return PICTURE_PLANES_MAX;
    case PICTURE_JPEG:
    case PICTURE_FORMAT_COUNT:
        break;
    }
    return 0;
}

static bool size_is_allowed(uint32_t width, uint32_t height)
{
    return width > 0 && height > 0 && width <= PICTURE_SIDE_MAX && height <= PICTURE_SIDE_MAX &&
           (uint64_t)width * height <= PICTURE_PIXELS_MAX;
}

static size_t stride_of(const struct picture *picture, unsigned plane)
{
    const size_t width = picture_plane_width(picture, plane);
    return (width + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
}

struct picture *picture_new_planar(enum picture_format format, uint32_t width, uint32_t height)
{
    const unsigned planes = plane_count(format);
    if (planes == 0 || !size_is_allowed(width, height)) {
        return NULL;
    }
    struct picture *picture = picture_new(owner_free, NULL);
    if (!picture) {
        return NULL;
    }
    picture->format = format;
    picture->width = width;
    picture->height = height;

    size_t offset[PICTURE_PLANES_MAX] = { 0 };
    size_t total = 0;
    for (unsigned i = 0; i < planes; i++) {
        offset[i] = total;
        picture->planes[i].stride = stride_of(picture, i);
        total += picture->planes[i].stride * picture_plane_height(picture, i);
    }
    uint8_t *memory = aligned_alloc(ROW_ALIGN, total + ROW_ALIGN);
    if (!memory) {
        picture_unref(&picture);
        return NULL;
    }
    for (unsigned i = 0; i < planes; i++) {
        picture->planes[i].data = memory + offset[i];
    }
    picture->owner = memory;
    return picture;
}

struct picture *picture_new_jpeg(const uint8_t *data, size_t size, uint32_t width, uint32_t height)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct picture *picture = copy ? picture_new(owner_free, copy) : NULL;
    if (!picture) {
        free(copy);
        return NULL;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    picture->format = PICTURE_JPEG;
    picture->is_full_range = true;
    picture->width = width;
    picture->height = height;
    picture->planes[0] = (struct plane){ .data = copy, .stride = size };
    picture->bytes = size;
    return picture;
}

uint8_t *picture_plane(struct picture *picture, unsigned plane)
{
    assert(picture->seq == 0 && plane < PICTURE_PLANES_MAX);
    /* The planes are const for everybody but the one who fills them, which is who calls this. */
    return (uint8_t *)(uintptr_t)picture->planes[plane].data;
}

struct picture *picture_ref(struct picture *picture)
{
    const unsigned before = atomic_fetch_add_explicit(&picture->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return picture;
}

/* Release on the way down pairs with acquire in whoever takes the last one. */
static bool drop_is_last(struct picture *picture)
{
    const unsigned before = atomic_fetch_sub_explicit(&picture->refs, 1, memory_order_acq_rel);
    assert(before > 0);
    return before == 1;
}

static void picture_destroy(struct picture *picture)
{
    if (picture->release) {
        picture->release(picture);
    }
    free(picture);
}

void picture_unref(struct picture **ppicture)
{
    struct picture *picture = *ppicture;
    *ppicture = NULL;
    if (!picture || !drop_is_last(picture)) {
        return;
    }
    /* Pixels have no pixels of their own, so this goes one deep. */
    struct picture *pixels = atomic_load_explicit(&picture->pixels, memory_order_acquire);
    picture_destroy(picture);
    if (pixels && drop_is_last(pixels)) {
        assert(!atomic_load_explicit(&pixels->pixels, memory_order_relaxed));
        picture_destroy(pixels);
    }
}
