/* SPDX-License-Identifier: MIT */
#ifndef HUB_STREAM_H
#define HUB_STREAM_H

#include "base/stream_name.h"
#include "hub/rendition.h"
#include "predict/plan.h"
#include "predict/predictor.h"
#include "source/source.h"

/*
 * A stream: one source, its renditions, its predictor, and who is told.
 *
 * Its lock guards the list of renditions, the newest picture and the description; it is held for
 * a handful of lines and never while encoding, predicting or writing. Streams are made before the
 * loops start and freed after they ended.
 */

struct stream; /* Threads: new, start, stop and free on one; the rest any. */

#define STREAM_PREDICTORS_MAX 8
#define STREAM_RENDITIONS_MAX 16
#define STREAM_WHY_SIZE 256

struct stream_options {
    const char *name; /* as base/stream_name.h has it */
    uint16_t id;      /* what framecast.v1 calls it; from 1 */
    struct source_options source;
    const struct plan *plans;  /* of its predictors, as predictor_check() let them through;
                                  borrowed for the stream's life */
    unsigned plan_count;       /* at most STREAM_PREDICTORS_MAX */
    uint32_t width;            /* of what is encoded; 0: as captured */
    int quality;               /* 1 to 100; 0: 80, and a camera's JPEG as it is */
    uint32_t renditions_max;   /* 0: STREAM_RENDITIONS_MAX */
    struct pool *encoders;     /* borrowed for the stream's life */
    struct feed *const *feeds; /* one per loop; borrowed for the stream's life */
    unsigned feed_count;
};

/** What is known of a stream at one moment. */
struct stream_description {
    enum source_state state;
    char why[STREAM_WHY_SIZE]; /* "" or a sentence */
    uint32_t width, height;    /* of the newest picture; 0 before the first */
    bool is_jpeg;              /* the source delivers JPEG that is passed through */
    double fps;                /* measured over the last second or two; 0 when nothing comes */
    uint64_t seq;              /* of the newest picture, or notice */
    int64_t captured_ns;       /* steady clock; 0 before the first real one */
};

struct stream_stats {
    _Atomic uint64_t pictures;      /* published */
    _Atomic uint64_t encoded;       /* JPEGs made */
    _Atomic uint64_t passed;        /* JPEGs given out as they came */
    _Atomic uint64_t predictions;   /* given out */
    _Atomic uint64_t viewers;       /* now; kept by serve/ */
    _Atomic uint64_t sent, dropped; /* pictures, over all viewers; kept by serve/ */
};

/**
 * Make a stream; its predictor starts, its source does not.
 *
 * Errors:    -EINVAL with a sentence in why for a source or predictor that can never work; -errno.
 * Ownership: gives; borrows options->source.spec and options->plans for the stream's life.
 */
FC_NODISCARD int stream_new(struct stream **out, const struct stream_options *options, char *why,
                            size_t why_size);
FC_NODISCARD int stream_start(struct stream *stream);
void stream_stop(struct stream *stream); /* no pictures come any more */

/** Every rendition must have been closed; waits for encodings at work. Ignores NULL. */
void stream_free(struct stream **stream);

const char *stream_name(const struct stream *stream);
uint16_t stream_id(const struct stream *stream);
struct source *stream_source(struct stream *stream);
struct predictor *stream_predictor(struct stream *stream, unsigned index); /* NULL: no more */
struct stream_stats *stream_stats(struct stream *stream);
void stream_describe(struct stream *stream, struct stream_description *out);

/**
 * Begin to want predictions in a format: while somebody does, every prediction is written in it,
 * once for all. PREDICTION_OWN is written in any case.
 */
void stream_format_open(struct stream *stream, enum prediction_format format);
void stream_format_close(struct stream *stream, enum prediction_format format);

/**
 * Begin to want a rendition: the one that exists, or a new one, which starts with the newest
 * picture.
 *
 * Errors:    NULL when there are renditions_max others, or without memory.
 * Ownership: gives a reference, to be given back with stream_rendition_close().
 */
FC_NODISCARD struct rendition *stream_rendition_open(struct stream *stream,
                                                     struct rendition_key key);
void stream_rendition_close(struct stream *stream, struct rendition **rendition);

#endif
