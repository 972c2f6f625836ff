/* SPDX-License-Identifier: MIT */
#ifndef SERVE_SITE_H
#define SERVE_SITE_H

#include <framecast/server.h>

#include "hub/stream.h"

/*
 * What is served: the streams, and the handler that net/ calls. Made before the loops start and
 * immutable while they run.
 *
 * site          all of it
 * audience      the viewers on one loop, and the taps through which streams reach them
 * routes        from an address to an endpoint
 * the rest      one file per endpoint
 */

struct audience;

struct site {
    struct stream *const *streams; /* borrowed; at least one */
    uint32_t stream_count;
    struct feed *const *feeds;         /* one per loop; borrowed */
    struct audience *const *audiences; /* one per loop; borrowed */
    uint32_t loop_count;
    int64_t started_ns; /* steady clock */
};

/** The stream of that name, or NULL. */
struct stream *site_find(const struct site *site, const char *name);

/** What fc_server_new() wants; ctx is the site. */
struct fc_handler site_handler(struct site *site);

#endif
