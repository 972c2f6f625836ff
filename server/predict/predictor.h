/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTOR_H
#define PREDICT_PREDICTOR_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>

#include "base/histogram.h"
#include "encode/view.h"
#include "picture/picture.h"
#include "predict/prediction.h"

/*
 * A predictor at work on one stream, seen from the stream.
 *
 * It owns its threads, so that nothing it does can hold up a picture. It gets the newest picture,
 * or all of them as long as few wait; what it had no time for is counted. Results leave in the
 * order of the pictures.
 */

struct predictor; /* Threads: any, but new and free on one. */
struct predictor_kind;

#define PREDICTOR_FOLLOWERS_MAX 8 /* that may be shown what one finds */

enum predictor_state { PREDICTOR_STARTING, PREDICTOR_RUNNING, PREDICTOR_DOWN };

struct predictor_sink {
    /* On a predictor thread, one at a time, in picture order. Borrows prediction for the call. */
    void (*predicted)(void *ctx, const struct prediction *prediction);
    /* predictor_state() changed. On any predictor thread, also while predicted runs. NULL: none. */
    void (*changed)(void *ctx);
    const char *stream; /* its name, for the log; borrowed for the predictor's life */
    void *ctx;
};

/** Looked at, never waited for. */
struct predictor_stats {
    _Atomic uint64_t seen, skipped, failed;
    _Atomic uint64_t restarts; /* instances that were lost and replaced */
    struct histogram latency;  /* capture to result */
    struct histogram wait;     /* until it had time for the picture */
    struct histogram convert;  /* making of the picture what it wants */
    struct histogram run;      /* its own time */
};

/**
 * Whether a predictor of that name can be made at all; says why not.
 *
 * Errors:    false with a sentence and a hint in why.
 */
bool predictor_check(const char *spec, char *why, size_t why_size);

/** Zero means the default. */
struct predictor_options {
    const char *spec;                   /* copied */
    const char *name;                   /* as predictions carry it; copied; NULL, "": its own */
    unsigned threads;                   /* 0: as the spec says; at most what the kind allows */
    int64_t retry_min_ns, retry_max_ns; /* after a failed open; 0: 1 s, 30 s */
    int64_t calm_ns;                    /* without a failure: they are over; 0: 10 s */
    double max_fps;                     /* pictures that it is offered a second; 0: no limit */
    unsigned queue;                     /* pictures that may wait; 0: one, the newest */
    struct view_region region;          /* what it is shown; all 0: the whole picture */
    uint32_t width;                     /* of that, pixels; 0: as captured */
    bool tracks;                        /* follow objects where the predictor does not; tracker.h */
    struct predictor *after; /* it is shown what that one finds, a crop for each box, and is offered
                                nothing else. That one is freed first. NULL: pictures */
    const struct predictor_kind *kind; /* borrowed; NULL: found by the spec */
};

/** Start one. Errors: -EINVAL for an unknown spec, -ENOMEM, -EAGAIN without threads. */
FC_NODISCARD int predictor_new(struct predictor **out, const struct predictor_options *options,
                               const struct predictor_sink *sink);

/** Stop it, waiting for the picture in hand; nothing is delivered after. Ignores NULL. */
void predictor_free(struct predictor **predictor);

/** Offer a picture (shares it): kept if it is the newest when the predictor has time. */
void predictor_offer(struct predictor *predictor, struct picture *picture);

/**
 * Offer a picture that should not be left out: waits until the one before was taken, some seconds
 * at the most, and for nothing while the predictor is not running.
 */
void predictor_offer_patiently(struct predictor *predictor, struct picture *picture);

/** Take no more pictures, and let nobody wait; predictor_free() does the rest. */
void predictor_stop(struct predictor *predictor);

const char *predictor_name(const struct predictor *predictor); /* "motion" */
enum predictor_state predictor_state(const struct predictor *predictor);
const struct predictor_stats *predictor_stats(const struct predictor *predictor);

#endif
