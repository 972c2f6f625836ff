/* SPDX-License-Identifier: MIT */
#ifndef HUB_STREAM_IMPL_H
#define HUB_STREAM_IMPL_H

#include <pthread.h>

#include "hub/feed.h"
#include "hub/rate.h"
#include "hub/shelf.h"
#include "hub/stream.h"

/* The inside of a stream, for stream.c (its life and what comes in) and stream_renditions.c. */

#define STREAM_RENDITIONS_LIMIT 64 /* renditions_max is at most this */

struct stream_rendition {
    struct rendition *rendition; /* owned */
    unsigned users;              /* who opened it and did not close it yet */
};

struct stream_predictor {
    struct stream *stream;
    unsigned index;
    struct predictor *predictor; /* owned */
    bool is_follower;            /* it looks at what another has found */
};

struct stream {
    struct stream_options options; /* name points into name */
    char name[STREAM_NAME_MAX + 1];
    struct source *source; /* owned */
    struct source_sink source_sink;
    struct stream_predictor predictors[STREAM_PREDICTORS_MAX];
    unsigned predictor_count;
    struct shelf *shelf; /* owned; NULL without a predictor */
    struct stream_stats stats;
    _Atomic unsigned format_users[PREDICTION_FORMAT_COUNT]; /* pairs with nothing: a count */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t is_emptier;
    struct stream_description description; /* but for fps, which rate tells */
    struct rate rate;
    struct picture *newest; /* owned */
    struct stream_rendition renditions[STREAM_RENDITIONS_LIMIT];
    unsigned rendition_count;
    unsigned living_count; /* renditions whose memory is still there */
    uint64_t next_rendition_id;
};

/** Tell all feeds. */
void stream_tell(struct stream *stream, const struct feed_item *item);
void stream_tell_change(struct stream *stream);

/** Make them all; a sentence in why if not. */
FC_NODISCARD int stream_predictors_make(struct stream *stream, char *why, size_t why_size);
void stream_predictors_offer(struct stream *stream, struct picture *picture);
void stream_predictors_stop(struct stream *stream);
void stream_predictors_free(struct stream *stream);

/** Take references to all renditions; gives their number. With the lock held. */
unsigned stream_renditions_ref(struct stream *stream,
                               struct rendition *out[STREAM_RENDITIONS_LIMIT]);

/** Wait until closed renditions have let go of the stream. */
void stream_renditions_drain(struct stream *stream);

#endif
