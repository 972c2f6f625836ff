/* SPDX-License-Identifier: MIT */
/*
 * From packet to picture. Each step does one thing and says what came of it; libav_read() goes from
 * step to step until there is something to return.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "source/libav_impl.h"

#define CAMERA_LOOK_NS (4 * NS_PER_MS) /* only where the camera's descriptor is not known */

/* Like the status of read(), and: */
#define STEP_AGAIN 3 /* nothing yet, go on */
#define STEP_EOF 4

static int stalled(const struct libav *libav, char *why, size_t why_size)
{
    snprintf(why, why_size, "nothing has come from '%s' for %d s", libav->label,
             (int)(libav->options->stall_ns / NS_PER_S));
    return -ETIMEDOUT;
}

/* There is no picture in the camera yet. */
static int camera_wait(struct libav *libav, char *why, size_t why_size)
{
    const int64_t now_ns = clock_steady_ns();
    const int64_t end_ns = libav->picture_ns + libav->options->stall_ns;
    if (now_ns >= end_ns) {
        return stalled(libav, why, why_size);
    }
    const bool is_known = libav->camera_fd >= 0;
    stop_wait(libav->stop, libav->camera_fd, is_known ? end_ns : now_ns + CAMERA_LOOK_NS);
    return STEP_AGAIN;
}

/*
 * A camera's packet is memory of the driver's, which is gone once the camera is closed, while
 * pictures live as long as somebody holds them.
 */
static int camera_own(AVPacket *packet)
{
    AVPacket *copy = av_packet_alloc();
    int err = copy ? av_new_packet(copy, packet->size) : AVERROR(ENOMEM);
    if (err == 0) {
        memcpy(copy->data, packet->data, (size_t)packet->size);
        err = av_packet_copy_props(copy, packet);
    }
    if (err == 0) {
        av_packet_unref(packet);
        av_packet_move_ref(packet, copy);
    }
    av_packet_free(&copy);
    return err;
}

static int read_failed(struct libav *libav, int error, char *why, size_t why_size)
{
    if (error == AVERROR(EAGAIN)) {
        return camera_wait(libav, why, why_size);
    }
    if (error == AVERROR_EOF) {
        return STEP_EOF;
    }
    if (error == AVERROR_INVALIDDATA) {
        snprintf(why, why_size, "'%s' sent what cannot be understood", libav->label);
        return SOURCE_CORRUPT;
    }
    if (error == AVERROR_EXIT) {
        return stalled(libav, why, why_size);
    }
    return libav_fail("cannot read", libav, error, why, why_size);
}

/* The next packet with pictures, into libav->packet. */
static int packet_next(struct libav *libav, char *why, size_t why_size)
{
    av_packet_unref(libav->packet);
    const int64_t now_ns = clock_steady_ns();
    if (libav->input == LIBAV_FILE) {
        libav->deadline_ns = INT64_MAX; /* a disk that sleeps is not a stall */
    } else if (now_ns - libav->picture_ns > libav->options->stall_ns) {
        return stalled(libav, why, why_size);
    } else {
        libav->deadline_ns = now_ns + libav->options->stall_ns;
    }
    const int err = av_read_frame(libav->format, libav->packet);
    if (err < 0) {
        return read_failed(libav, err, why, why_size);
    }
    if (libav->packet->stream_index != libav->stream_index) {
        return STEP_AGAIN;
    }
    if (libav->packet->flags & AV_PKT_FLAG_CORRUPT || libav->packet->size <= 0) {
        snprintf(why, why_size, "a packet from '%s' is damaged", libav->label);
        return SOURCE_CORRUPT;
    }
    if (libav->input == LIBAV_CAMERA && libav->decoder) {
        return camera_own(libav->packet);
    }
    return 0;
}

/* Ours, or the file's times; in nanoseconds. */
static int64_t file_time(const struct libav *libav, int64_t time, int64_t otherwise)
{
    if (time == AV_NOPTS_VALUE) {
        return otherwise;
    }
    const AVStream *stream = libav->format->streams[libav->stream_index];
    return av_rescale_q(time, stream->time_base, (AVRational){ 1, 1000000000 });
}

static int64_t file_step(struct libav *libav)
{
    AVStream *stream = libav->format->streams[libav->stream_index];
    const AVRational rate = av_guess_frame_rate(libav->format, stream, NULL);
    if (rate.num <= 0 || rate.den <= 0) {
        return NS_PER_S / 25;
    }
    const int64_t step_ns = av_rescale(NS_PER_S, rate.den, rate.num);
    return step_ns < NS_PER_MS ? NS_PER_MS : step_ns;
}

/* Wait until a picture of a file is due. False when the source is to stop. */
static bool file_wait(struct libav *libav, int64_t time)
{
    if (libav->input != LIBAV_FILE || libav->options->is_fast) {
        return true;
    }
    const int64_t step_ns = file_step(libav);
    const int64_t file_ns = file_time(libav, time, libav->pacer.file_ns + step_ns);
    const int64_t due_ns = pacer_due(&libav->pacer, file_ns, step_ns, clock_steady_ns());
    return stop_wait(libav->stop, -1, due_ns) != STOP_WAKE_STOPPED;
}

static int jpeg_next(struct libav *libav, struct picture **out, int64_t *time, char *why,
                     size_t why_size)
{
    const int err = packet_next(libav, why, why_size);
    if (err) {
        return err;
    }
    *time = libav->packet->pts != AV_NOPTS_VALUE ? libav->packet->pts : libav->packet->dts;
    return libav_picture_from_jpeg(libav, out, why, why_size);
}

static int decoder_feed(struct libav *libav, char *why, size_t why_size)
{
    int err = packet_next(libav, why, why_size);
    if (err == STEP_EOF) {
        libav->is_draining = true;
        err = avcodec_send_packet(libav->decoder, NULL);
        return err < 0 ? STEP_EOF : STEP_AGAIN;
    }
    if (err) {
        return err;
    }
    err = avcodec_send_packet(libav->decoder, libav->packet);
    av_packet_unref(libav->packet);
    if (err == AVERROR(ENOMEM)) {
        return -ENOMEM;
    }
    if (err < 0) {
        snprintf(why, why_size, "a picture from '%s' cannot be decoded", libav->label);
        return SOURCE_CORRUPT;
    }
    return STEP_AGAIN;
}

static int frame_next(struct libav *libav, struct picture **out, int64_t *time, char *why,
                      size_t why_size)
{
    const int err = avcodec_receive_frame(libav->decoder, libav->frame);
    if (err == 0) {
        *time = libav->frame->best_effort_timestamp;
        return libav_picture_from_frame(libav, out, why, why_size);
    }
    if (err == AVERROR(EAGAIN) && !libav->is_draining) {
        return decoder_feed(libav, why, why_size);
    }
    if (err == AVERROR_EOF || libav->is_draining) {
        return STEP_EOF;
    }
    if (err == AVERROR(ENOMEM)) {
        return -ENOMEM;
    }
    snprintf(why, why_size, "a picture from '%s' cannot be decoded", libav->label);
    return SOURCE_CORRUPT;
}

static int input_ended(struct libav *libav, char *why, size_t why_size)
{
    if (libav->input != LIBAV_FILE) {
        snprintf(why, why_size, "'%s' has ended", libav->label);
        return -EPIPE;
    }
    if (!libav->has_played) {
        snprintf(why, why_size, "there is no picture in '%s' that can be read", libav->label);
        return -ENODATA;
    }
    if (libav->options->is_once) {
        snprintf(why, why_size, "'%s' has been played to its end", libav->label);
        return SOURCE_END;
    }
    const int err = libav_rewind(libav, why, why_size);
    return err ? err : STEP_AGAIN;
}

static int corrupt_again(struct libav *libav, char *why, size_t why_size)
{
    if (++libav->corrupt_run < SOURCE_CORRUPT_MAX) {
        return SOURCE_CORRUPT;
    }
    libav->corrupt_run = 0;
    char last[SOURCE_WHY_SIZE / 2];
    snprintf(last, sizeof(last), "%s", why);
    snprintf(why, why_size, "%d pictures in a row were damaged; the last: %s", SOURCE_CORRUPT_MAX,
             last);
    return -EIO;
}

/* A picture is there: mark it, and wait for its time. */
static void picture_arrived(struct libav *libav, struct picture *picture, int64_t time,
                            struct picture **out)
{
    libav->picture_ns = clock_steady_ns();
    libav->corrupt_run = 0;
    libav->has_played = true;
    picture->is_discontinuity = libav->is_rewound;
    libav->is_rewound = false;
    if (!file_wait(libav, time)) {
        picture_unref(&picture);
        return;
    }
    *out = picture;
}

int libav_read(void *instance, const struct stop *stop, struct picture **out, char *why,
               size_t why_size)
{
    struct libav *libav = instance;
    libav->stop = stop;
    int step = STEP_AGAIN;
    while (step == STEP_AGAIN && !stop_is_set(stop)) {
        struct picture *picture = NULL;
        int64_t time = AV_NOPTS_VALUE;
        step = libav->decoder ? frame_next(libav, &picture, &time, why, why_size)
                              : jpeg_next(libav, &picture, &time, why, why_size);
        if (picture) {
            picture_arrived(libav, picture, time, out);
        }
        if (step == STEP_EOF) {
            step = input_ended(libav, why, why_size);
        }
        if (step == SOURCE_CORRUPT) {
            return corrupt_again(libav, why, why_size);
        }
    }
    return step == STEP_AGAIN ? 0 : step;
}
