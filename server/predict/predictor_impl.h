/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTOR_IMPL_H
#define PREDICT_PREDICTOR_IMPL_H

#include "base/quota.h"
#include "predict/predictor.h"

/* Where an instance works. Borrowed for its life. */
struct predictor_place {
    const char *stream;     /* its name */
    int stop_fd;            /* readable once the predictor is to stop */
    struct quota *quota;    /* for the log, of lines that others wrote; outlives instances */
    _Atomic uint64_t *said; /* by the predictor's instances, for predictor_says(); may be NULL */
};

/* For those who write a predictor kind: one file fills this table and is listed in kinds.c. */

#define PREDICTOR_NAME_SIZE 64

/* What depends on the spec. Comes filled in with the kind's own. */
struct predictor_traits {
    char name[PREDICTOR_NAME_SIZE]; /* as predictions carry it; not empty */
    unsigned parallel_max;
    unsigned threads; /* instances that the spec asks for; 0: one per processor */
};

#define PREDICTOR_BATCH_MAX 8

/* One picture of a batch. */
struct predictor_shot {
    struct picture *picture;
    struct prediction *out;
    int err; /* out: as look() returns it, for this picture */
};

struct predictor_kind {
    const char *name; /* as predictions carry it, unless describe() says otherwise */
    const char *form; /* as a user types it, for --help: "motion", "exec:COMMAND" */

    /* Whether a spec asks for this kind. */
    bool (*matches)(const char *spec);

    /* Whether one could be made of that spec, with a sentence in why if not. NULL: always. */
    bool (*check)(const char *spec, char *why, size_t why_size);

    /* Say what depends on the spec. NULL, or out left as it is: what stands in this table. */
    void (*describe)(const char *spec, struct predictor_traits *out);

    /*
     * Make one instance, used by one thread. why gets a sentence on failure. 0 or -errno;
     * -ECANCELED, of which nothing is said, when stop_fd came before it was done.
     */
    int (*open)(void **instance, const char *spec, const struct predictor_place *place, char *why,
                size_t why_size);

    /*
     * Look at one picture. out comes with stream, seq, times and size filled in, and no objects;
     * prediction_check() is the caller's. What it takes to convert the picture is added to
     * convert_ns. 0, or -errno and perhaps a sentence in out->why; after
     * -EPIPE the instance is lost: it is closed and another is opened. -ECANCELED as for open().
     */
    int (*look)(void *instance, struct picture *picture, struct prediction *out);

    /*
     * For one that is faster with several pictures at once: how many an instance wants, at most
     * PREDICTOR_BATCH_MAX, and look() for 2 to that many. Both or neither.
     */
    unsigned (*batch)(const void *instance);
    void (*look_batch)(void *instance, struct predictor_shot *shots, size_t count);

    /* Ignores NULL. */
    void (*close)(void **instance);

    /* Instances that may look at pictures of one stream side by side; 1 for one with a memory. */
    unsigned parallel_max;
};

extern const struct predictor_kind *const predictor_kinds[]; /* ends in NULL */

extern const struct predictor_kind predictor_kind_motion;
extern const struct predictor_kind predictor_kind_kserve;
extern const struct predictor_kind predictor_kind_onnx;
extern const struct predictor_kind predictor_kind_plugin;
extern const struct predictor_kind predictor_kind_test;
extern const struct predictor_kind predictor_kind_worker;

/**
 * Write a line about an instance to the log, unless it is what the predictor's instances said last:
 * they are alike.
 *
 * Threads:   any.
 */
void predictor_says(const struct predictor_place *place, const char *module, const char *format,
                    ...) FC_PRINTF(3, 4);

/** The kind that a spec asks for, or NULL. */
const struct predictor_kind *predictor_kind_find(const char *spec);

#endif
