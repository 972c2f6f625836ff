/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_SOURCE_CORE_H
#define SOURCE_SOURCE_CORE_H

#include <pthread.h>

#include "base/backoff.h"
#include "base/pace.h"
#include "source/pacer.h"
#include "source/source_impl.h"
#include "source/spec.h"

/* What source.c and published_source.c share: how a source speaks to its sink. */

/** Whether a publisher is in; see published_source.c. */
enum publishing { PUBLISHING_CLOSED, PUBLISHING_FREE, PUBLISHING_TAKEN };

struct source {
    struct source_options options; /* with defaults */
    struct source_sink sink;
    const struct source_kind *kind;
    void *instance; /* the kind's; NULL for published */
    char label[SPEC_LABEL_SIZE];
    struct source_stats stats;
    struct stop stop;
    pthread_t thread;
    bool has_thread;
    _Atomic int publishing; /* enum publishing */

    /* Of the thread, or of the publisher that is in: whoever may call the sink. */
    enum source_state state;
    char why[SOURCE_WHY_SIZE];
    uint32_t width, height; /* of the last real picture, for notices */
    bool has_given;         /* a real picture, ever */
    bool is_reopened;       /* since the last real picture */
    int64_t notice_due_ns;
    struct pace pace;
};

/** Tell the sink, if it is news. */
void source_report(struct source *source, enum source_state state, const char *why);

/** Hand out a real picture: takes it, and reports that the source is up. */
void source_give(struct source *source, struct picture *picture);

/** Hand out a picture that says what source->why says, if it is time for one. */
void source_give_notice(struct source *source);

#endif
