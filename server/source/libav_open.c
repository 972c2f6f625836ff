/* SPDX-License-Identifier: MIT */
/*
 * A call into libav can block for long. It ends early when the source is stopped or the deadline
 * passes, because libav asks interrupted() about ten times a second; every call sets its deadline.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/avstring.h>

#include "base/clock.h"
#include "source/camera_fd.h"
#include "source/libav_impl.h"

#define DECODER_THREADS_MAX 4
#define OPEN_NS (10 * NS_PER_S)

int libav_fail(const char *what, const struct libav *libav, int error, char *why, size_t why_size)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(error, text, sizeof(text));
    const bool is_late = error == AVERROR_EXIT && !stop_is_set(libav->stop);
    snprintf(why, why_size, "%s '%s': %s", what, libav->label,
             is_late ? "no answer in time" : text);
    /* libav's own codes are made of four letters; errno is small. */
    return error < 0 && error > -4096 ? error : -EIO;
}

static int interrupted(void *opaque)
{
    const struct libav *libav = opaque;
    return stop_is_set(libav->stop) || clock_steady_ns() > libav->deadline_ns;
}

static void network_options(const char *spec, AVDictionary **options)
{
    /*
     * Not fflags=nobuffer: it throws away what was read to recognise the stream, and with it the
     * key frame, so that the first picture would be the next key frame's. What was read is decoded
     * at once instead, and no delay stays.
     */
    av_dict_set(options, "probesize", "1000000", 0);
    av_dict_set(options, "analyzeduration", "1000000", 0);
    /* No stream may name a file for us to open. */
    av_dict_set(options, "protocol_whitelist",
                "http,https,httpproxy,tcp,tls,udp,udplite,rtp,srtp,rtsp,rtmp,rtmps,rtmpt,rtmpts,"
                "rtmpe,srt,rist,hls,crypto,mmsh,mmst,ftp,sctp",
                0);
    if (strncmp(spec, "rtsp", 4) == 0) {
        av_dict_set(options, "rtsp_transport", "tcp", 0);
    }
}

static void camera_options(const struct source_options *source, bool wants_jpeg,
                           AVDictionary **options)
{
    if (wants_jpeg) {
        av_dict_set(options, "input_format", "mjpeg", 0);
    }
    if (source->width > 0) {
        /* The driver takes the nearest size it has. */
        char size[32];
        snprintf(size, sizeof(size), "%ux%u", source->width, source->width * 9 / 16);
        av_dict_set(options, "video_size", size, 0);
    }
    if (source->fps > 0) {
        char rate[32];
        snprintf(rate, sizeof(rate), "%.3f", source->fps);
        av_dict_set(options, "framerate", rate, 0);
    }
}

static int input_open(struct libav *libav, bool wants_jpeg)
{
    const char *spec = libav->options->spec;
    const AVInputFormat *demuxer = NULL;
    AVDictionary *options = NULL;
    char *address = NULL;
    int err = AVERROR(ENOMEM);
    libav->format = avformat_alloc_context();
    if (!libav->format) {
        return err;
    }
    libav->format->interrupt_callback = (AVIOInterruptCB){ interrupted, libav };
    switch (libav->input) {
    case LIBAV_FILE:
        address = av_asprintf("file:%s", spec); /* a colon in its name is only a colon */
        break;
    case LIBAV_NETWORK:
        network_options(spec, &options);
        address = av_strdup(spec);
        break;
    case LIBAV_CAMERA:
        /* Without blocking, so that a camera that falls silent does not hold the thread. */
        libav->format->flags |= AVFMT_FLAG_NONBLOCK;
        demuxer = av_find_input_format("video4linux2");
        camera_options(libav->options, wants_jpeg, &options);
        address = av_strdup(spec);
        break;
    }
    if (address) {
        /* On failure it frees the context and sets it to NULL. */
        err = avformat_open_input(&libav->format, address, demuxer, &options);
    } else {
        avformat_free_context(libav->format);
        libav->format = NULL;
    }
    av_dict_free(&options);
    av_free(address);
    return err;
}

static int device_open(struct libav *libav)
{
    int err = input_open(libav, libav->input == LIBAV_CAMERA);
    if (err == AVERROR(EINVAL) && libav->input == LIBAV_CAMERA) {
        err = input_open(libav, false); /* it has no MJPEG: whatever it has */
    }
    return err;
}

static int processor_threads(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > DECODER_THREADS_MAX ? DECODER_THREADS_MAX : (int)count;
}

static int decoder_open(struct libav *libav, const AVStream *stream)
{
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!codec) {
        return AVERROR_DECODER_NOT_FOUND;
    }
    libav->decoder = avcodec_alloc_context3(codec);
    if (!libav->decoder) {
        return AVERROR(ENOMEM);
    }
    AVCodecContext *decoder = libav->decoder;
    int err = avcodec_parameters_to_context(decoder, stream->codecpar);
    if (err < 0) {
        return err;
    }
    decoder->pkt_timebase = stream->time_base;
    decoder->max_pixels = PICTURE_PIXELS_MAX;
    decoder->thread_count = processor_threads();
    if (libav->input == LIBAV_FILE) {
        decoder->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    } else {
        /* Threads by frame would hold back as many frames as there are threads. */
        decoder->thread_type = FF_THREAD_SLICE;
        decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
    }
    return avcodec_open2(decoder, codec, NULL);
}

/* Find the pictures in the input, and what is needed to read them. */
static int stream_open(struct libav *libav)
{
    if (libav->input != LIBAV_CAMERA) { /* a camera has said all at once */
        const int err = avformat_find_stream_info(libav->format, NULL);
        if (err < 0) {
            return err;
        }
    }
    const int index = av_find_best_stream(libav->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (index < 0) {
        return index;
    }
    for (unsigned i = 0; i < libav->format->nb_streams; i++) {
        if ((int)i != index) {
            libav->format->streams[i]->discard = AVDISCARD_ALL;
        }
    }
    libav->stream_index = index;
    libav->packet = av_packet_alloc();
    libav->frame = av_frame_alloc();
    if (!libav->packet || !libav->frame) {
        return AVERROR(ENOMEM);
    }
    const AVStream *stream = libav->format->streams[index];
    if (stream->codecpar->codec_id == AV_CODEC_ID_MJPEG) {
        return 0;
    }
    return decoder_open(libav, stream);
}

int libav_open(void *instance, const struct stop *stop, char *why, size_t why_size)
{
    struct libav *libav = instance;
    libav_close(libav);
    libav->stop = stop;
    libav->corrupt_run = 0;
    libav->has_played = false;
    libav->is_draining = false;
    const int64_t now_ns = clock_steady_ns();
    const int64_t stall_ns = libav->options->stall_ns;
    libav->picture_ns = now_ns;
    libav->deadline_ns = now_ns + (stall_ns > 0 && stall_ns < OPEN_NS ? stall_ns : OPEN_NS);

    int err = device_open(libav);
    if (err < 0) {
        return libav_fail("cannot open", libav, err, why, why_size);
    }
    err = stream_open(libav);
    if (err < 0) {
        libav_close(libav);
        return libav_fail("cannot find pictures in", libav, err, why, why_size);
    }
    if (libav->input == LIBAV_CAMERA) {
        libav->camera_fd = camera_fd_find(libav->options->spec);
    }
    return 0;
}

void libav_close(void *instance)
{
    struct libav *libav = instance;
    avcodec_free_context(&libav->decoder);
    av_packet_free(&libav->packet);
    av_frame_free(&libav->frame);
    libav->deadline_ns = clock_steady_ns() + NS_PER_S; /* RTSP says good-bye */
    avformat_close_input(&libav->format);
    libav->camera_fd = -1;
}

int libav_rewind(struct libav *libav, char *why, size_t why_size)
{
    const AVStream *stream = libav->format->streams[libav->stream_index];
    const int64_t start = stream->start_time != AV_NOPTS_VALUE ? stream->start_time : 0;
    libav->is_rewound = true;
    libav->is_draining = false;
    if (av_seek_frame(libav->format, libav->stream_index, start, AVSEEK_FLAG_BACKWARD) >= 0) {
        if (libav->decoder) {
            avcodec_flush_buffers(libav->decoder);
        }
        libav->has_played = false;
        return 0;
    }
    return libav_open(libav, libav->stop, why, why_size); /* it cannot seek */
}
