/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_LIBAV_IMPL_H
#define SOURCE_LIBAV_IMPL_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

#include "picture/picture_pool.h"
#include "source/libav.h"
#include "source/pacer.h"
#include "source/spec.h"

/*
 * One opened input. libav_source.c makes it, libav_open.c opens and closes it, libav_read.c goes
 * from packet to picture, libav_picture.c turns what libav holds into our pictures.
 */

enum libav_input { LIBAV_FILE, LIBAV_NETWORK, LIBAV_CAMERA };

struct libav {
    enum libav_input input;
    const struct source_options *options;
    char label[SPEC_LABEL_SIZE];
    const struct stop *stop; /* while opening or reading */

    /* between open and close */
    AVFormatContext *format;
    AVCodecContext *decoder; /* NULL: the stream is JPEGs, which are passed through */
    AVPacket *packet;
    AVFrame *frame;
    int stream_index;
    int camera_fd;        /* borrowed from libavdevice, to wait on; -1 */
    int64_t deadline_ns;  /* of the call into libav; past it the interrupt callback ends the call */
    int64_t picture_ns;   /* when the last picture came */
    unsigned corrupt_run; /* in a row */
    bool has_played;      /* a picture since the beginning of the file */
    bool is_rewound;      /* the next picture is the first again */
    bool is_draining;     /* the file has ended, the decoder has not */

    /* kept from one opening to the next */
    struct SwsContext *scaler;
    struct picture_pool *pool; /* for what is converted */
    struct pacer pacer;
};

/** A sentence around an error of libav's; gives what is returned, -errno. */
FC_NODISCARD int libav_fail(const char *what, const struct libav *libav, int error, char *why,
                            size_t why_size);

FC_NODISCARD int libav_open(void *instance, const struct stop *stop, char *why, size_t why_size);
void libav_close(void *instance);

/** Back to the beginning of the file. */
FC_NODISCARD int libav_rewind(struct libav *libav, char *why, size_t why_size);

FC_NODISCARD int libav_read(void *instance, const struct stop *stop, struct picture **out,
                            char *why, size_t why_size);

/**
 * A picture of libav->frame, sharing its planes where the format is one of ours.
 *
 * Errors:    SOURCE_CORRUPT with why when it cannot be shown; -ENOMEM. The frame is empty after.
 * Ownership: gives.
 */
FC_NODISCARD int libav_picture_from_frame(struct libav *libav, struct picture **out, char *why,
                                          size_t why_size);

/** A picture of the JPEG in libav->packet. Otherwise as libav_picture_from_frame(). */
FC_NODISCARD int libav_picture_from_jpeg(struct libav *libav, struct picture **out, char *why,
                                         size_t why_size);

#endif
