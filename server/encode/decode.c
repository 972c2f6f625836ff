/* SPDX-License-Identifier: MIT */
#include <turbojpeg.h>

#include "encode/jpeg.h"

/*
 * A JPEG to planes. YCbCr and gray in the samplings that a picture can have come out of the decoder
 * as they are stored; anything rarer (4:1:1, 4:4:0, RGB) goes through RGB to 4:4:4. CMYK is
 * refused.
 *
 * A JPEG that is damaged inside but can be read to its end is taken as it is, because cameras send
 * such; a progressive one with an absurd number of scans is not (TJFLAG_LIMITSCANS).
 */

#define DECODE_FLAGS TJFLAG_LIMITSCANS

struct jpeg_head {
    int width, height, sampling, colours;
};

/* The format of the planes as they are stored; PICTURE_JPEG: not one that a picture can have. */
static enum picture_format stored_format(const struct jpeg_head *head)
{
    if (head->colours == TJCS_GRAY) {
        return PICTURE_GRAY;
    }
    if (head->colours != TJCS_YCbCr) {
        return PICTURE_JPEG;
    }
    switch (head->sampling) {
    case TJSAMP_420:
        return PICTURE_YUV420;
    case TJSAMP_422:
        return PICTURE_YUV422;
    case TJSAMP_444:
        return PICTURE_YUV444;
    case TJSAMP_GRAY:
        return PICTURE_GRAY;
    default:
        return PICTURE_JPEG;
    }
}

static void planes_of(struct picture *picture, unsigned char *data[PICTURE_PLANES_MAX],
                      int strides[PICTURE_PLANES_MAX])
{
    for (unsigned i = 0; i < PICTURE_PLANES_MAX; i++) {
        data[i] = picture->planes[i].data ? picture_plane(picture, i) : NULL;
        strides[i] = (int)picture->planes[i].stride;
    }
}

/* Only what cannot be read at all is a failure. */
static bool has_failed(tjhandle tj, int result)
{
    return result < 0 && tjGetErrorCode(tj) == TJERR_FATAL;
}

static bool decode_stored(tjhandle tj, const struct picture *jpeg, struct picture *out)
{
    unsigned char *data[PICTURE_PLANES_MAX];
    int strides[PICTURE_PLANES_MAX];
    planes_of(out, data, strides);
    return !has_failed(tj, tjDecompressToYUVPlanes(tj, jpeg->planes[0].data, jpeg->bytes, data,
                                                   (int)out->width, strides, (int)out->height,
                                                   DECODE_FLAGS));
}

static bool decode_by_rgb(tjhandle tj, const struct picture *jpeg, struct picture *out)
{
    const int width = (int)out->width;
    const int height = (int)out->height;
    unsigned char *rgb = tjAlloc(width * height * 3);
    tjhandle encoder = tjInitCompress();
    bool is_done = false;
    if (rgb && encoder &&
        !has_failed(tj, tjDecompress2(tj, jpeg->planes[0].data, jpeg->bytes, rgb, width, 0, height,
                                      TJPF_RGB, DECODE_FLAGS))) {
        unsigned char *data[PICTURE_PLANES_MAX];
        int strides[PICTURE_PLANES_MAX];
        planes_of(out, data, strides);
        is_done = tjEncodeYUVPlanes(encoder, rgb, width, 0, height, TJPF_RGB, data, strides,
                                    TJSAMP_444, 0) == 0;
    }
    if (encoder) {
        tjDestroy(encoder);
    }
    tjFree(rgb);
    return is_done;
}

/*
 * TurboJPEG writes luma as wide and as high as chroma has it, which is one more for an odd side:
 * the planes are made for even sides, and then the picture is said to be smaller.
 */
static struct picture *planes_for(enum picture_format format, uint32_t width, uint32_t height)
{
    const uint32_t odd_x = format == PICTURE_YUV420 || format == PICTURE_YUV422 ? width & 1 : 0;
    const uint32_t odd_y = format == PICTURE_YUV420 ? height & 1 : 0;
    struct picture *picture = picture_new_planar(format, width + odd_x, height + odd_y);
    if (picture) {
        picture->width = width;
        picture->height = height;
    }
    return picture;
}

static struct picture *decode_with(tjhandle tj, const struct picture *jpeg)
{
    struct jpeg_head head = { 0 };
    if (has_failed(tj, tjDecompressHeader3(tj, jpeg->planes[0].data, jpeg->bytes, &head.width,
                                           &head.height, &head.sampling, &head.colours)) ||
        head.width <= 0 || head.height <= 0) {
        return NULL;
    }
    if (head.width > PICTURE_SIDE_MAX || head.height > PICTURE_SIDE_MAX ||
        head.width > PICTURE_PIXELS_MAX / head.height) {
        return NULL;
    }
    const enum picture_format stored = stored_format(&head);
    const bool is_stored = stored != PICTURE_JPEG;
    struct picture *out = planes_for(is_stored ? stored : PICTURE_YUV444, (uint32_t)head.width,
                                     (uint32_t)head.height);
    if (!out) {
        return NULL;
    }
    if (!(is_stored ? decode_stored(tj, jpeg, out) : decode_by_rgb(tj, jpeg, out))) {
        picture_unref(&out);
        return NULL;
    }
    out->seq = jpeg->seq;
    out->captured_at_us = jpeg->captured_at_us;
    out->captured_ns = jpeg->captured_ns;
    out->is_full_range = true;
    out->is_notice = jpeg->is_notice;
    out->is_discontinuity = jpeg->is_discontinuity;
    return out;
}

const struct picture *picture_pixels(struct picture *picture)
{
    if (picture->format != PICTURE_JPEG) {
        return picture;
    }
    /* pairs with the exchange below: planes are seen as they were when the pointer was set */
    struct picture *pixels = atomic_load_explicit(&picture->pixels, memory_order_acquire);
    if (pixels) {
        return pixels;
    }
    tjhandle tj = tjInitDecompress();
    if (!tj) {
        return NULL;
    }
    pixels = decode_with(tj, picture);
    tjDestroy(tj);
    if (!pixels) {
        return NULL;
    }
    struct picture *first = NULL;
    if (!atomic_compare_exchange_strong_explicit(&picture->pixels, &first, pixels,
                                                 memory_order_acq_rel, memory_order_acquire)) {
        picture_unref(&pixels);
        return first;
    }
    return pixels;
}
