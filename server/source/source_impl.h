/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_SOURCE_IMPL_H
#define SOURCE_SOURCE_IMPL_H

#include "source/source.h"
#include "source/stop.h"

/* For those who write a kind of source: one file fills this table and is listed in kinds.c. */

struct source_kind {
    const char *name;

    /* Whether a spec asks for this kind; the first in the list that says yes gets it. */
    bool (*matches)(const char *spec);

    /*
     * Make one, without opening anything. why gets a sentence on failure. 0 or -errno. Borrows
     * options for the instance's life; their zeros have been replaced where it says a default.
     */
    int (*make)(void **instance, const struct source_options *options, char *why, size_t why_size);

    /* Open the device, file or address; blocks, but ends soon once stop is set. 0 or -errno. */
    int (*open)(void *instance, const struct stop *stop, char *why, size_t why_size);

    /*
     * Give the next picture, waiting for its time. 0 with *out; 0 with *out NULL: time passed;
     * SOURCE_CORRUPT with why: one was skipped; SOURCE_END at the end; -errno with why.
     */
    int (*read)(void *instance, const struct stop *stop, struct picture **out, char *why,
                size_t why_size);

    /* Undo open; ignores one that is not open. */
    void (*close)(void *instance);

    void (*free)(void **instance); /* ignores NULL */
};

#define SOURCE_END 1
#define SOURCE_CORRUPT 2

/** So many corrupt ones in a row are a failure. */
#define SOURCE_CORRUPT_MAX 100

#define SOURCE_WHY_SIZE 256

extern const struct source_kind *const source_kinds[]; /* ends in NULL */

extern const struct source_kind camera_kind;
extern const struct source_kind file_kind;
extern const struct source_kind network_kind;
extern const struct source_kind published_kind; /* matches only: it has no thread */
extern const struct source_kind stdin_kind;
extern const struct source_kind stills_kind;
extern const struct source_kind test_kind;

#endif
