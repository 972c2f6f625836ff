/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PREDICTOR_THREADS_H
#define PREDICT_PREDICTOR_THREADS_H

#include <pthread.h>

#include "base/pace.h"
#include "predict/inbox.h"
#include "predict/lens.h"
#include "predict/predictor_impl.h"
#include "predict/tracker.h"
#include "predict/turns.h"

/* The inside of a predictor, for predictor.c (its life and what comes in) and predictor_threads.c
 * (who looks, and what goes out). */

/* A thread that looks. Its own only, but for thread. */
struct looker {
    struct predictor *predictor;
    pthread_t thread;
    void *instance; /* NULL while it cannot be opened */
    int64_t retry_ns;
    struct lens *lens; /* owned */
    struct quota quota;
    struct predictor_place place;
    unsigned batch; /* pictures that the instance takes at once */
    struct prediction *predictions[PREDICTOR_BATCH_MAX]; /* owned; made when first needed */
};

/* What the log was last told of the instances. */
enum told { TOLD_NOTHING, TOLD_DOWN, TOLD_RUNNING };

struct predictor {
    const struct predictor_kind *kind;
    struct predictor_traits traits;
    char *spec;
    struct predictor_sink sink;
    int64_t retry_min_ns, retry_max_ns, calm_ns;
    struct predictor_stats stats;
    _Atomic enum predictor_state state;
    _Atomic unsigned open_count; /* instances */
    _Atomic bool has_faults;     /* what it said had to be put right */
    _Atomic enum told told;
    _Atomic uint64_t said;     /* for predictor_says() */
    _Atomic int64_t failed_ns; /* the last picture that failed; 0: the log was told of the end */
    int stop_fd;               /* eventfd */
    struct inbox inbox;
    struct pace pace; /* of whoever offers */
    struct turns turns;
    pthread_mutex_t lock; /* guards the followers, who come while it runs */
    struct predictor *followers[PREDICTOR_FOLLOWERS_MAX]; /* borrowed */
    unsigned follower_count;
    bool is_follower;
    struct tracker *tracker; /* owned; NULL: not asked for. Of whose turn it is */
    unsigned lens_count;
    unsigned looker_count; /* running */
    struct looker lookers[];
};

/** Put a picture into the inbox, with what was found in it (takes that; may be NULL). */
void predictor_put(struct predictor *predictor, struct picture *picture, struct found *found);

/** Start so many threads. Errors: -EAGAIN; those that run are counted in looker_count. */
FC_NODISCARD int predictor_threads_start(struct predictor *predictor, unsigned wanted);

static inline void predictor_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

#endif
