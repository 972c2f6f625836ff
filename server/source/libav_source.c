/* SPDX-License-Identifier: MIT */
#include "source/libav.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libavdevice/avdevice.h>

#include "base/log.h"
#include "source/libav_impl.h"

#define LINE_SIZE 512

static void log_from_libav(void *context, int level, const char *format, va_list args)
{
    if (level > AV_LOG_INFO || !log_enabled(LOG_DEBUG, "libav")) {
        return;
    }
    char line[LINE_SIZE];
    int print_prefix = 1;
    av_log_format_line2(context, level, format, args, line, sizeof(line), &print_prefix);
    line[strcspn(line, "\n")] = '\0';
    spec_hide_secrets(line);
    if (line[0] != '\0') {
        log_debug("libav", "%s", line);
    }
}

static void libav_prepare(void)
{
    av_log_set_callback(log_from_libav);
    avdevice_register_all();
    avformat_network_init();
}

static int libav_make(void **instance, const struct source_options *options, enum libav_input input)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, libav_prepare);
    struct libav *libav = calloc(1, sizeof(*libav));
    if (!libav) {
        return -ENOMEM;
    }
    libav->input = input;
    libav->options = options;
    libav->camera_fd = -1;
    spec_label(options->spec, libav->label);
    *instance = libav;
    return 0;
}

static int file_make(void **instance, const struct source_options *options, char *why,
                     size_t why_size)
{
    (void)why;
    (void)why_size;
    return libav_make(instance, options, LIBAV_FILE);
}

static int camera_make(void **instance, const struct source_options *options, char *why,
                       size_t why_size)
{
    (void)why;
    (void)why_size;
    return libav_make(instance, options, LIBAV_CAMERA);
}

static int network_make(void **instance, const struct source_options *options, char *why,
                        size_t why_size)
{
    (void)why;
    (void)why_size;
    return libav_make(instance, options, LIBAV_NETWORK);
}

static void libav_free(void **instance)
{
    struct libav *libav = *instance;
    *instance = NULL;
    if (libav) {
        libav_close(libav);
        sws_freeContext(libav->scaler);
        picture_pool_free(&libav->pool);
        free(libav);
    }
}

int libav_still(const char *path, const struct stop *stop, struct picture **out, char *why,
                size_t why_size)
{
    const struct source_options options = { .spec = path, .is_once = true, .is_fast = true };
    void *libav = NULL;
    int err = libav_make(&libav, &options, LIBAV_FILE);
    if (err) {
        return err;
    }
    err = libav_open(libav, stop, why, why_size);
    while (err == 0 && !*out && !stop_is_set(stop)) {
        err = libav_read(libav, stop, out, why, why_size);
    }
    libav_free(&libav);
    return err == 0 || err == -ENOMEM ? err : SOURCE_CORRUPT;
}

static bool file_matches(const char *spec)
{
    (void)spec;
    return true;
}

const struct source_kind file_kind = {
    .name = "file",
    .matches = file_matches,
    .make = file_make,
    .open = libav_open,
    .read = libav_read,
    .close = libav_close,
    .free = libav_free,
};

const struct source_kind camera_kind = {
    .name = "camera",
    .matches = spec_is_camera,
    .make = camera_make,
    .open = libav_open,
    .read = libav_read,
    .close = libav_close,
    .free = libav_free,
};

const struct source_kind network_kind = {
    .name = "network",
    .matches = spec_is_url,
    .make = network_make,
    .open = libav_open,
    .read = libav_read,
    .close = libav_close,
    .free = libav_free,
};
