/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <libavutil/pixdesc.h>

#include "picture/jpeg_walk.h"
#include "source/huffman.h"
#include "source/libav_impl.h"

/* The formats that are ours as they are; PICTURE_FORMAT_COUNT for others. */
static enum picture_format format_of(enum AVPixelFormat format)
{
    switch ((int)format) { /* libav has two hundred; six concern us */
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
        return PICTURE_YUV420;
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P:
        return PICTURE_YUV422;
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_YUVJ444P:
        return PICTURE_YUV444;
    case AV_PIX_FMT_GRAY8:
        return PICTURE_GRAY;
    default:
        return PICTURE_FORMAT_COUNT;
    }
}

static bool frame_is_rgb(const AVFrame *frame)
{
    const AVPixFmtDescriptor *descriptor = av_pix_fmt_desc_get(frame->format);
    return descriptor && (descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

static bool frame_is_full_range(const AVFrame *frame)
{
    switch ((int)frame->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
        return true;
    case AV_PIX_FMT_GRAY8:
        return frame->color_range != AVCOL_RANGE_MPEG;
    default:
        return frame->color_range == AVCOL_RANGE_JPEG;
    }
}

static void frame_release(struct picture *picture)
{
    AVFrame *frame = picture->owner;
    av_frame_free(&frame);
}

/* Whether every plane is there and as wide as the picture: then it can be shared. */
static bool planes_can_be_shared(const AVFrame *frame, const struct picture *picture)
{
    const unsigned planes = picture->format == PICTURE_GRAY ? 1 : PICTURE_PLANES_MAX;
    for (unsigned i = 0; i < planes; i++) {
        if (!frame->data[i] || frame->linesize[i] < (int)picture_plane_width(picture, i)) {
            return false; /* also upside down, which is a negative line size */
        }
    }
    return frame->buf[0] != NULL;
}

/* The frame itself becomes the picture's memory. *out stays NULL when that cannot be. */
static int frame_share(AVFrame *frame, enum picture_format format, struct picture **out)
{
    struct picture sizes = { .width = (uint32_t)frame->width,
                             .height = (uint32_t)frame->height,
                             .format = format };
    if (!planes_can_be_shared(frame, &sizes)) {
        return 0;
    }
    AVFrame *own = av_frame_alloc();
    struct picture *picture = own ? picture_new(frame_release, own) : NULL;
    if (!picture) {
        av_frame_free(&own);
        return -ENOMEM;
    }
    picture->width = sizes.width;
    picture->height = sizes.height;
    picture->format = format;
    picture->is_full_range = frame_is_full_range(frame);
    av_frame_move_ref(own, frame);
    const unsigned planes = format == PICTURE_GRAY ? 1 : PICTURE_PLANES_MAX;
    for (unsigned i = 0; i < planes; i++) {
        picture->planes[i] =
            (struct plane){ .data = own->data[i], .stride = (size_t)own->linesize[i] };
    }
    *out = picture;
    return 0;
}

/* Packed 4:2:2 keeps its chroma: unpacking is cheaper than scaling, and better. */
static enum picture_format format_for(const AVFrame *frame)
{
    const enum picture_format own = format_of(frame->format);
    if (own != PICTURE_FORMAT_COUNT) {
        return own;
    }
    switch ((int)frame->format) {
    case AV_PIX_FMT_YUYV422:
    case AV_PIX_FMT_UYVY422:
    case AV_PIX_FMT_YVYU422:
        return PICTURE_YUV422;
    default:
        return PICTURE_YUV420;
    }
}

static const enum AVPixelFormat libav_formats[PICTURE_FORMAT_COUNT] = {
    [PICTURE_JPEG] = AV_PIX_FMT_NONE,      [PICTURE_GRAY] = AV_PIX_FMT_GRAY8,
    [PICTURE_YUV420] = AV_PIX_FMT_YUV420P, [PICTURE_YUV422] = AV_PIX_FMT_YUV422P,
    [PICTURE_YUV444] = AV_PIX_FMT_YUV444P,
};

static bool scaler_prepare(struct libav *libav, const AVFrame *frame, enum picture_format format,
                           bool is_full_range)
{
    libav->scaler = sws_getCachedContext(libav->scaler, frame->width, frame->height, frame->format,
                                         frame->width, frame->height, libav_formats[format],
                                         SWS_BILINEAR, NULL, NULL, NULL);
    if (!libav->scaler) {
        return false;
    }
    /* Rows of BT.601, which is what JPEG means by YCbCr. */
    const int *matrix = sws_getCoefficients(SWS_CS_ITU601);
    const bool from_full = frame_is_rgb(frame) || frame_is_full_range(frame);
    sws_setColorspaceDetails(libav->scaler, matrix, from_full, matrix, is_full_range, 0, 1 << 16,
                             1 << 16);
    return true;
}

static int frame_convert(struct libav *libav, struct picture **out)
{
    AVFrame *frame = libav->frame;
    const enum picture_format format = format_for(frame);
    const uint32_t width = (uint32_t)frame->width, height = (uint32_t)frame->height;
    /* What was full stays full, what was video stays video, and colours become full. */
    const bool is_full_range = frame_is_rgb(frame) || frame_is_full_range(frame);
    if (!scaler_prepare(libav, frame, format, is_full_range)) {
        return SOURCE_CORRUPT;
    }
    if (!picture_pool_fits(libav->pool, format, width, height)) {
        picture_pool_free(&libav->pool);
        libav->pool = picture_pool_new(format, width, height);
    }
    struct picture *picture = libav->pool ? picture_pool_take(libav->pool) : NULL;
    if (!picture) {
        return -ENOMEM;
    }
    uint8_t *planes[4] = { NULL };
    int strides[4] = { 0 };
    for (unsigned i = 0; i < PICTURE_PLANES_MAX; i++) {
        if (picture->planes[i].data) {
            planes[i] = picture_plane(picture, i);
            strides[i] = (int)picture->planes[i].stride;
        }
    }
    const uint8_t *const *from = (const uint8_t *const *)frame->data;
    const int rows =
        sws_scale(libav->scaler, from, frame->linesize, 0, frame->height, planes, strides);
    if (rows != frame->height) {
        picture_unref(&picture);
        return SOURCE_CORRUPT;
    }
    picture->is_full_range = is_full_range;
    *out = picture;
    return 0;
}

static bool frame_size_is_allowed(const AVFrame *frame)
{
    return frame->width > 0 && frame->height > 0 && frame->width <= PICTURE_SIDE_MAX &&
           frame->height <= PICTURE_SIDE_MAX &&
           (int64_t)frame->width * frame->height <= PICTURE_PIXELS_MAX;
}

int libav_picture_from_frame(struct libav *libav, struct picture **out, char *why, size_t why_size)
{
    AVFrame *frame = libav->frame;
    int err = 0;
    if (!frame_size_is_allowed(frame)) {
        snprintf(why, why_size, "a picture from '%s' has a size of %dx%d, which is not supported",
                 libav->label, frame->width, frame->height);
        err = SOURCE_CORRUPT;
        goto out;
    }
    const enum picture_format format = format_of(frame->format);
    if (format != PICTURE_FORMAT_COUNT) {
        err = frame_share(frame, format, out);
    }
    if (err == 0 && !*out) {
        err = frame_convert(libav, out);
    }
    if (err == SOURCE_CORRUPT) {
        const char *name = av_get_pix_fmt_name(frame->format);
        snprintf(why, why_size, "a picture from '%s' cannot be converted from %s", libav->label,
                 name ? name : "an unknown format");
    }
out:
    av_frame_unref(frame);
    return err;
}

static void packet_release(struct picture *picture)
{
    AVPacket *packet = picture->owner;
    av_packet_free(&packet);
}

/* The packet itself becomes the picture's memory. */
static struct picture *packet_share(AVPacket *packet, const struct jpeg_walk *walk)
{
    AVPacket *own = av_packet_alloc();
    struct picture *picture = own ? picture_new(packet_release, own) : NULL;
    if (!picture) {
        av_packet_free(&own);
        return NULL;
    }
    av_packet_move_ref(own, packet);
    picture->format = PICTURE_JPEG;
    picture->is_full_range = true;
    picture->width = walk->width;
    picture->height = walk->height;
    picture->planes[0] = (struct plane){ .data = own->data, .stride = walk->position };
    picture->bytes = walk->position;
    return picture;
}

int libav_picture_from_jpeg(struct libav *libav, struct picture **out, char *why, size_t why_size)
{
    AVPacket *packet = libav->packet;
    const struct fc_bytes data = { .data = packet->data, .size = (size_t)packet->size };
    struct jpeg_walk walk = { .position = 0 };
    const enum jpeg_step step = jpeg_walk(&walk, data);
    if (step != JPEG_STEP_DONE || walk.position > PICTURE_JPEG_MAX_BYTES) {
        const char *error = walk.error ? walk.error : "the JPEG is cut short";
        snprintf(why, why_size, "%s",
                 step == JPEG_STEP_DONE ? "the JPEG is larger than 32 MiB" : error);
        av_packet_unref(packet);
        return SOURCE_CORRUPT;
    }
    const struct fc_bytes whole = { .data = data.data, .size = walk.position };
    struct picture *picture = NULL;
    if (!walk.has_huffman) {
        picture = huffman_complete(whole, walk.width, walk.height);
    } else if (libav->input == LIBAV_CAMERA || !packet->buf) {
        /* A camera's packet is the driver's memory, which is gone when the camera is closed. */
        picture = picture_new_jpeg(whole.data, whole.size, walk.width, walk.height);
    } else {
        picture = packet_share(packet, &walk);
    }
    av_packet_unref(packet);
    *out = picture;
    return picture ? 0 : -ENOMEM;
}
