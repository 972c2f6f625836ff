/* SPDX-License-Identifier: MIT */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

#include "cli/config.h"
#include "net/url.h"

#define FETCH_MAX_BYTES (1024 * 1024)
#define FETCH_TIMEOUT_S 5

/** What is asked for. Borrowed for the call. */
struct fetch {
    const struct url *url; /* the server; its path is not looked at */
    const char *path;
    const struct cli_trust *trust;
    bool (*is_cancelled)(void *ctx); /* asked at least once a second */
    void *ctx;
};

/** Get ready for the calls. Threads: one, before any other starts. Errors: -ENOMEM. */
FC_NODISCARD int fetch_init(void);

/**
 * GET a small body over a connection of its own. Blocks, for at most FETCH_TIMEOUT_S, or longer
 * where looking up the name does.
 *
 * Errors:    -EPROTO with a sentence in why: the answer would be the same next time; -EAGAIN
 *            likewise, but it is worth trying again, or is_cancelled() was true.
 * Ownership: gives body->data for free().
 * Threads:   any.
 */
FC_NODISCARD int fetch(const struct fetch *ask, struct fc_space *body, char *why, size_t why_size);

#endif
