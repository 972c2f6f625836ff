/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_SPEC_H
#define PREDICT_WORKER_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKER_COPIES_MAX 8

/* `exec:COMMAND`, or `exec,copies=2,start=60,deadline=0.5:COMMAND`, times in seconds. */
struct worker_spec {
    const char *command; /* what follows the first colon; borrowed from the spec */
    unsigned copies;     /* that run side by side */
    int64_t start_ns;    /* from the start of the command until it says that it is ready */
    int64_t deadline_ns; /* from a picture to its result */
};

/** Whether a spec asks for a worker, be it well formed or not. */
bool worker_spec_matches(const char *spec);

/** Errors: false, with a sentence in why. out is filled with defaults then. */
bool worker_spec_parse(struct worker_spec *out, const char *spec, char *why, size_t why_size);

#endif
