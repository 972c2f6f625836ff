/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTOR_IMPL_H
#define PREDICT_PREDICTOR_IMPL_H

#include "predict/predictor.h"

/* For those who write a predictor kind: one file fills this table and is listed in kinds.c. */

struct predictor_kind {
    const char *name; /* as predictions carry it */
    const char *form; /* as a user types it, for --help: "motion", "exec:COMMAND" */

    /* Whether a spec asks for this kind. */
    bool (*matches)(const char *spec);

    /* Make one instance, used by one thread. why gets a sentence on failure. 0 or -errno. */
    int (*open)(void **instance, const char *spec, char *why, size_t why_size);

    /* Look at one picture. out comes with seq, times and size filled in. 0 or -errno. */
    int (*look)(void *instance, struct picture *picture, struct prediction *out);

    /* Ignores NULL. */
    void (*close)(void **instance);

    /* Instances that may look at pictures of one stream side by side; 1 for one with a memory. */
    unsigned parallel_max;
};

extern const struct predictor_kind *const predictor_kinds[]; /* ends in NULL */

#endif
