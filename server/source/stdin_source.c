/* SPDX-License-Identifier: MIT */
/*
 * A stream of JPEGs on standard input, as `ffmpeg -f mjpeg -` or a camera program writes it. What
 * has been read of a picture survives closing and opening, because standard input has only one
 * life.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/source_impl.h"
#include "source/splitter.h"

#define READ_MAX (256 * 1024)

struct stdin_source {
    int64_t stall_ns;
    struct splitter splitter;
};

static bool stdin_matches(const char *spec)
{
    return strcmp(spec, "-") == 0;
}

static int stdin_make(void **instance, const struct source_options *options, char *why,
                      size_t why_size)
{
    (void)why;
    (void)why_size;
    struct stdin_source *input = calloc(1, sizeof(*input));
    if (!input) {
        return -ENOMEM;
    }
    input->stall_ns = options->stall_ns;
    *instance = input;
    return 0;
}

static int stdin_open(void *instance, const struct stop *stop, char *why, size_t why_size)
{
    (void)instance;
    (void)stop;
    if (isatty(STDIN_FILENO)) {
        snprintf(why, why_size,
                 "standard input is a terminal; pipe JPEGs into it, as from 'ffmpeg -f mjpeg -'");
        return -ENXIO;
    }
    return 0;
}

static void stdin_close(void *instance)
{
    (void)instance;
}

static int input_ended(struct stdin_source *input, char *why, size_t why_size)
{
    if (splitter_is_inside(&input->splitter)) {
        splitter_fini(&input->splitter);
        snprintf(why, why_size, "the last JPEG on standard input is cut short");
        return SOURCE_CORRUPT;
    }
    snprintf(why, why_size, "standard input has ended");
    return SOURCE_END;
}

/* Wait for more bytes and take them. */
static int input_fill(struct stdin_source *input, const struct stop *stop, char *why,
                      size_t why_size)
{
    switch (stop_wait(stop, STDIN_FILENO, clock_steady_ns() + input->stall_ns)) {
    case STOP_WAKE_STOPPED:
        return 0;
    case STOP_WAKE_TIME:
        snprintf(why, why_size, "nothing has come on standard input for %d s",
                 (int)(input->stall_ns / NS_PER_S));
        return -ETIMEDOUT;
    case STOP_WAKE_READY:
        break;
    }
    const struct fc_space space = splitter_space(&input->splitter);
    if (space.size == 0) {
        return -ENOMEM;
    }
    const size_t most = space.size < READ_MAX ? space.size : READ_MAX;
    const ssize_t count = read(STDIN_FILENO, space.data, most);
    if (count < 0) {
        if (errno == EINTR || errno == EAGAIN) {
            return 0;
        }
        const int err = errno;
        snprintf(why, why_size, "cannot read standard input: %s", strerror(err));
        return -err;
    }
    if (count == 0) {
        return input_ended(input, why, why_size);
    }
    splitter_space_done(&input->splitter, (size_t)count);
    return 0;
}

static int stdin_read(void *instance, const struct stop *stop, struct picture **out, char *why,
                      size_t why_size)
{
    struct stdin_source *input = instance;
    struct fc_bytes jpeg;
    uint32_t width, height;
    const char *error;
    switch (splitter_next(&input->splitter, &jpeg, &width, &height, &error)) {
    case SPLITTER_MORE:
        return input_fill(input, stop, why, why_size);
    case SPLITTER_CORRUPT:
        snprintf(why, why_size, "%s", error);
        return SOURCE_CORRUPT;
    case SPLITTER_JPEG:
        break;
    }
    *out = picture_new_jpeg(jpeg.data, jpeg.size, width, height);
    return *out ? 0 : -ENOMEM;
}

static void stdin_free(void **instance)
{
    struct stdin_source *input = *instance;
    *instance = NULL;
    if (input) {
        splitter_fini(&input->splitter);
        free(input);
    }
}

const struct source_kind stdin_kind = {
    .name = "stdin",
    .matches = stdin_matches,
    .make = stdin_make,
    .open = stdin_open,
    .read = stdin_read,
    .close = stdin_close,
    .free = stdin_free,
};
