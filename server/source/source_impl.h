/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_SOURCE_IMPL_H
#define SOURCE_SOURCE_IMPL_H

#include "source/source.h"

/* For those who write a kind of source: one file fills this table and is listed in kinds.c. */

struct source_kind {
    const char *name;

    /* Whether a spec asks for this kind; the first in the list that says yes gets it. */
    bool (*matches)(const char *spec);

    /* Make one, without opening anything. why gets a sentence on failure. 0 or -errno. */
    int (*make)(void **instance, const struct source_options *options, char *why, size_t why_size);

    /* Open the device, file or address; blocks, but ends soon once *stop is true. */
    int (*open)(void *instance, const _Atomic bool *stop, char *why, size_t why_size);

    /*
     * Give the next picture, waiting for its time. 0 with *out; 0 with *out NULL: a corrupt one
     * was skipped, or time passed; SOURCE_END at the end; -errno with why.
     */
    int (*read)(void *instance, const _Atomic bool *stop, struct picture **out, char *why,
                size_t why_size);

    /* Undo open; ignores one that is not open. */
    void (*close)(void *instance);

    void (*free)(void **instance);
};

#define SOURCE_END 1

extern const struct source_kind *const source_kinds[]; /* ends in NULL */

#endif
