/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_PICTURE_H
#define PICTURE_PICTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

/*
 * One picture: planes as the decoder left them, or a JPEG as the camera sent it.
 *
 * Life: a source makes it and fills it; stream_publish() gives it its number; from then on it is
 * immutable and shared by reference; the last unref, on any thread, runs its release hook.
 */

#define PICTURE_PLANES_MAX 3
#define PICTURE_SIDE_MAX 16384 /* pixels; larger ones are refused */
#define PICTURE_PIXELS_MAX (64 * 1024 * 1024)
#define PICTURE_JPEG_MAX_BYTES (32 * 1024 * 1024)

enum picture_format {
    PICTURE_JPEG,   /* plane 0: a whole JPEG, `bytes` long */
    PICTURE_GRAY,   /* plane 0 only */
    PICTURE_YUV420, /* 8 bits a sample, three planes; chroma sides rounded up */
    PICTURE_YUV422,
    PICTURE_YUV444,
    PICTURE_FORMAT_COUNT,
};

struct plane {
    const uint8_t *data;
    size_t stride; /* bytes from one row to the next */
};

struct picture {
    uint64_t seq;           /* from 1, per stream; 0 until published */
    int64_t captured_at_us; /* wall clock, since the epoch */
    int64_t captured_ns;    /* steady clock */
    uint32_t width, height; /* pixels */
    enum picture_format format;
    bool is_full_range; /* luma 0..255 (JPEG) instead of 16..235 (video) */
    bool is_notice;     /* made by the server to say why there is no picture; never predicted on */
    bool is_discontinuity; /* something is missing before it, or the source was reopened */
    struct plane planes[PICTURE_PLANES_MAX];
    size_t bytes; /* of a JPEG */

    /* the picture's own */
    _Atomic unsigned refs;
    struct picture *_Atomic pixels; /* a JPEG decoded, once somebody needed it; encode/jpeg.h */
    void (*release)(struct picture *picture); /* frees owner, not the struct */
    void *owner;
};

/**
 * Make a picture whose planes belong to somebody else, who gets them back by release(picture).
 *
 * Errors:    NULL without memory; nothing is released then.
 * Ownership: gives one reference. Takes owner on success.
 */
FC_NODISCARD struct picture *picture_new(void (*release)(struct picture *picture), void *owner);

/** Make a picture with writable planes of its own; NULL without memory or over the limits. */
FC_NODISCARD struct picture *picture_new_planar(enum picture_format format, uint32_t width,
                                                uint32_t height);

/** Make a picture from a copy of a JPEG whose size is known; NULL without memory. */
FC_NODISCARD struct picture *picture_new_jpeg(const uint8_t *data, size_t size, uint32_t width,
                                              uint32_t height);

/** The writable plane of a picture made by picture_new_planar() and not yet published. */
uint8_t *picture_plane(struct picture *picture, unsigned plane);

/** Width or height, in samples, of one plane. */
uint32_t picture_plane_width(const struct picture *picture, unsigned plane);
uint32_t picture_plane_height(const struct picture *picture, unsigned plane);

struct picture *picture_ref(struct picture *picture);

/** Drop a reference and set the pointer to NULL; ignores NULL. Threads: any. */
void picture_unref(struct picture **picture);

#endif
