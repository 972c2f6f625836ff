/* SPDX-License-Identifier: MIT */
#ifndef SERVE_TALLY_H
#define SERVE_TALLY_H

#include "hub/stream.h"

#include <framecast/conn.h>

/* One viewer's share in its stream's counters: viewers, pictures sent and dropped. */

struct tally {
    struct stream *stream; /* NULL: closed */
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

/** As fc_conn_put(); what it replaced is counted. The connection counts for all its slots. */
static inline void tally_put(struct tally *tally, struct fc_conn *conn, uint32_t slot,
                             struct fc_message *message)
{
    const uint64_t before = fc_conn_dropped(conn);
    (void)fc_conn_put(conn, slot, message);
    const uint64_t dropped = fc_conn_dropped(conn) - before;
    if (tally->stream && dropped > 0) {
        atomic_fetch_add_explicit(&stream_stats(tally->stream)->dropped, dropped,
                                  memory_order_relaxed);
    }
}

static inline void tally_started(struct tally *tally)
{
    if (tally->stream) {
        atomic_fetch_add_explicit(&stream_stats(tally->stream)->sent, 1, memory_order_relaxed);
    }
}

#endif
