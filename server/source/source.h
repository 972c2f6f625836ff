/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

#include "picture/picture.h"

/*
 * Where pictures come from. A source runs a thread that opens its device, file or address, gives
 * out pictures, and when that fails or ends says so and tries again with back-off.
 */

struct source; /* Threads: start, stop and free on one; the rest any. */

enum source_state {
    SOURCE_CONNECTING, /* being opened, nothing has come yet */
    SOURCE_UP,
    SOURCE_DOWN,  /* failed; why says what, and it is tried again */
    SOURCE_ENDED, /* played once, to the end */
    SOURCE_STATE_COUNT,
};

/** "connecting", "up", "down", "ended" */
const char *source_state_name(enum source_state state);

/** Zero means the default. */
struct source_options {
    const char *spec; /* SOURCE of the command line; borrowed for the source's life */
    double fps;       /* 0: the source's own; still pictures: 1, test: 30 */
    uint32_t width;   /* of camera or test picture; 0: the source's own */
    bool is_once;     /* a file ends the stream at its end */
    bool is_fast;     /* a file is played as fast as the sink takes it */
    int64_t retry_min_ns, retry_max_ns; /* 0: 250 ms, 1 s */
    int64_t stall_ns;                   /* nothing for so long is a failure; 0: 10 s */
};

/** Everything is called on the source's thread (published: the publisher's), one at a time. */
struct source_sink {
    void (*picture)(void *ctx, struct picture *picture);                /* takes it */
    void (*state)(void *ctx, enum source_state state, const char *why); /* why: "" or a sentence */
    void *ctx;
};

/** Looked at, never waited for. */
struct source_stats {
    _Atomic uint64_t pictures, corrupt, restarts;
};

/**
 * Make a source; nothing is opened before source_start().
 *
 * Errors:    -EINVAL with a sentence in why for a spec that can never work; -ENOMEM.
 * Ownership: gives; borrows sink and options->spec for the source's life.
 */
FC_NODISCARD int source_new(struct source **out, const struct source_options *options,
                            const struct source_sink *sink, char *why, size_t why_size);

/** Errors: -errno when no thread can be made. */
FC_NODISCARD int source_start(struct source *source);

/** Ask the thread to end and wait for it; interrupts blocking reads. At most about a second. */
void source_stop(struct source *source);

void source_free(struct source **source); /* stops first; ignores NULL */

/** "test", "file", "camera", "network", "folder", "stdin", "published" */
const char *source_kind_name(const struct source *source);
const struct source_stats *source_stats(const struct source *source);

/** True for `published`: pictures come by source_publish(). */
bool source_is_published(const struct source *source);

/** Begin to publish; false while somebody else does. Threads: any. */
FC_NODISCARD bool source_publisher_enter(struct source *source);

/** The publisher is gone: state goes to down, "waiting for a publisher". */
void source_publisher_leave(struct source *source);

/**
 * Publish one JPEG, copied. Only between enter and leave.
 *
 * Errors:    a static sentence, counted, when it is not a whole JPEG within the limits; NULL:
 * taken.
 */
FC_NODISCARD const char *source_publish(struct source *source, struct fc_bytes jpeg);

#endif
