/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_PREDICTOR_H
#define FRAMECAST_PREDICTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <framecast/attr.h>

/*
 * A predictor as a plug-in: a shared object that is given pictures and says what is in them.
 *
 *     framecast --predict './brightness.so?dark=40' test
 *
 * It exports one function, fc_predictor_get(), and is linked with nothing of framecast. Once loaded
 * it stays until the program ends.
 *
 * Threads:   each instance belongs to one thread, which calls open, look and close, one after the
 *            other, and is none that serves viewers: look() may take its time, pictures that come
 *            meanwhile are left out. Several instances may be at work at once, one or more for each
 *            stream; what they share is theirs to lock. Signals are blocked. A call must return:
 *            nothing can end it from outside; a program that ends waits for it a few seconds.
 * Errors:    0, or a negative errno; beside it a sentence for the log, in the room that is given.
 *            No exception may leave a function.
 * Versions:  every struct begins with its size, as its maker knew it. Members are only added at the
 *            end, so a plug-in made with another FC_PREDICTOR_ABI is refused, and none else: one
 *            made with a later header works, and one made with an earlier header goes on working.
 *            A member beyond a struct's size is not there.
 */

FC_BEGIN

#define FC_PREDICTOR_ABI 1u
#define FC_PREDICTOR_OBJECTS_MAX 256u
#define FC_PREDICTOR_LABEL_SIZE 64u
#define FC_PREDICTOR_PLANES_MAX 3u
#define FC_PREDICTOR_DATA_MAX_BYTES (1024u * 1024u)

/** How the samples of an image lie, 8 bits each. Colours by ITU-R BT.601, as in JPEG. */
enum fc_image_format {
    FC_IMAGE_ANY = 0, /* only to ask with: as the picture is, GRAY8 or YUV; nothing is converted */
    FC_IMAGE_GRAY8,   /* one plane of brightness */
    FC_IMAGE_RGB24,   /* one plane: red, green, blue, red, … */
    FC_IMAGE_BGR24,   /* one plane: blue, green, red, blue, … */
    FC_IMAGE_NV12,    /* brightness; then at half the width and height Cb, Cr, Cb, … */
    FC_IMAGE_YUV420,  /* three planes, Y Cb Cr; the last two at half the width and height */
    FC_IMAGE_YUV422,  /* at half the width */
    FC_IMAGE_YUV444   /* all at full size; halves of odd sides are rounded up */
};

/** For fc_predictor_start.log. */
enum fc_predictor_level { FC_PREDICTOR_ERROR, FC_PREDICTOR_WARN, FC_PREDICTOR_INFO };

/** One image, to be looked at and never written to. Borrowed for the call. */
struct fc_image {
    uint32_t size;                                  /* bytes of this struct */
    uint32_t format;                                /* enum fc_image_format, never FC_IMAGE_ANY */
    uint32_t width, height;                         /* pixels, of the image */
    const uint8_t *planes[FC_PREDICTOR_PLANES_MAX]; /* NULL beyond those of the format */
    size_t strides[FC_PREDICTOR_PLANES_MAX];        /* bytes from one row to the next */
    bool is_full_range; /* brightness is 0 to 255; false, and only as FC_IMAGE_ANY: 16 to 235 */
    uint32_t picture_width, picture_height; /* pixels, of the picture that it was made from */
    uint64_t seq;                           /* number of the picture; grows, but not by one */
    int64_t captured_at_us;                 /* microseconds since the epoch */
    int64_t captured_ns;                    /* nanoseconds of the steady clock (CLOCK_MONOTONIC) */
    const char *stream;                     /* name of the stream */
};

/** One thing that was seen. */
struct fc_object {
    char label[FC_PREDICTOR_LABEL_SIZE]; /* UTF-8, ended by a zero */
    float score;                         /* 0 to 1; below 0: not known */
    float x, y, width, height; /* fractions of the image, from its upper left corner; clipped */
    uint32_t track;            /* the same in every picture of a thing; 0: not known */
};

/** Where an answer goes. Borrowed for the call. */
struct fc_result {
    uint32_t size;             /* bytes of this struct */
    uint32_t object_count;     /* 0; how many of the objects are filled in, to be set by look() */
    struct fc_object *objects; /* room for FC_PREDICTOR_OBJECTS_MAX */
    char *why;                 /* "": a sentence on failure, ended by a zero */
    size_t why_size;           /* bytes of room in why */

    /* Add a JSON value of that many bytes, in place of an earlier one; it is copied. -EMSGSIZE over
       FC_PREDICTOR_DATA_MAX_BYTES, -ENOMEM. What is not JSON reaches viewers as null. */
    int (*set_data)(struct fc_result *result, const char *json, size_t json_size);
    void *host; /* the program's own */
};

/** What open() is given, for the call, and what it may change. */
struct fc_predictor_start {
    uint32_t size;       /* bytes of this struct */
    const char *options; /* what stands after the '?': "key=value&key=value", or "" */
    const char *stream;  /* name of the stream whose pictures it will get; "" for a trial */

    /* The images that this instance wants, from struct fc_predictor; open() may change them. */
    uint32_t format, width, height;

    char *why;       /* "": a sentence on failure, ended by a zero */
    size_t why_size; /* bytes of room in why */

    /* Write one line to the program's log. Until close() and on any thread, with this host, which
       may be kept. Of very many lines some are left out. */
    void (*log)(void *host, enum fc_predictor_level level, const char *line);
    void *host;
};

/** What a plug-in is. Constant; read once, before the first open(). */
struct fc_predictor {
    uint32_t size;    /* sizeof(struct fc_predictor) */
    uint32_t abi;     /* FC_PREDICTOR_ABI */
    const char *name; /* as predictions carry it: 1 to 63 printable characters */

    uint32_t format; /* enum fc_image_format: ANY, GRAY8, RGB24, BGR24 or NV12 */
    /* Pixels to which the picture is stretched; up to 16384, and even for NV12. 0: the picture's
       own, or, where the other is given, what keeps its shape. FC_IMAGE_ANY is not scaled. */
    uint32_t width, height;
    /* How many instances may look at pictures of one stream side by side. 0 is 1, and right for
       whoever remembers earlier pictures: each instance sees only some of them otherwise. */
    uint32_t parallel_max;

    /* Make an instance. NULL: there is nothing to make, and instance is NULL. Gives it until
       close(). One is opened and closed for a trial when the program starts: -EINVAL, for options
       that can never do, ends the program with the sentence. Any other failed open is tried again,
       after a second, two, up to thirty. */
    int (*open)(void **instance, struct fc_predictor_start *start);

    /* Look at one image. Of a failure the picture's prediction is left out, and the next picture
       comes; after -EPIPE the instance is closed, and another is opened. */
    int (*look)(void *instance, const struct fc_image *image, struct fc_result *result);

    /* Release an instance that open() made. NULL: there is nothing to release. */
    void (*close)(void *instance);
};

/**
 * Give out what the plug-in is: the one function that it exports.
 *
 * Errors:    NULL, and the plug-in is refused.
 * Ownership: the plug-in's, for good.
 * Threads:   any; may be called more than once.
 */
FC_EXPORT const struct fc_predictor *fc_predictor_get(void);

/**
 * Find an option.
 *
 * Returns:   its value, which ends at a '&' or with the options, as strtod() and strtol() like it;
 *            "" for a key without "="; NULL when there is no such key.
 * Ownership: borrowed from options.
 * Threads:   any.
 */
static inline const char *fc_predictor_option(const char *options, const char *key)
{
    const size_t size = strlen(key);
    for (const char *at = options; *at; at += *at == '&') {
        const size_t length = strcspn(at, "&");
        if (strncmp(at, key, size) == 0 && (at[size] == '=' || length == size)) {
            return at + size + (at[size] == '=');
        }
        at += length;
    }
    return NULL;
}

FC_END

#endif
