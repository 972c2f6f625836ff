/* SPDX-License-Identifier: MIT */
#ifndef SERVE_TALLY_H
#define SERVE_TALLY_H

#include "hub/stream.h"

#include <framecast/conn.h>

/* One viewer's share in its stream's counters: viewers, pictures sent and dropped. */

struct tally {
    struct stream *stream; /* NULL: closed */
    uint64_t dropped_seen; /* of fc_conn_dropped() */
};

static inline void tally_open(struct tally *tally, struct stream *stream)
{
    *tally = (struct tally){ .stream = stream };
    atomic_fetch_add_explicit(&stream_stats(stream)->viewers, 1, memory_order_relaxed);
}

static inline void tally_close(struct tally *tally)
{
    if (tally->stream) {
        atomic_fetch_sub_explicit(&stream_stats(tally->stream)->viewers, 1, memory_order_relaxed);
    }
    tally->stream = NULL;
}

/** After a fc_conn_put(): what it replaced is counted. */
static inline void tally_put(struct tally *tally, const struct fc_conn *conn)
{
    const uint64_t dropped = fc_conn_dropped(conn);
    if (tally->stream && dropped > tally->dropped_seen) {
        atomic_fetch_add_explicit(&stream_stats(tally->stream)->dropped,
                                  dropped - tally->dropped_seen, memory_order_relaxed);
    }
    tally->dropped_seen = dropped;
}

static inline void tally_started(struct tally *tally)
{
    if (tally->stream) {
        atomic_fetch_add_explicit(&stream_stats(tally->stream)->sent, 1, memory_order_relaxed);
    }
}

#endif
