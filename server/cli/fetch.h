/* SPDX-License-Identifier: MIT */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "cli/dial.h"

#define FETCH_MAX_BYTES (1024 * 1024)

/**
 * GET a small body over a connection of its own.
 *
 * Errors:    as in dial.h; also -EPROTO for a status other than 200 and a body over the limit.
 * Ownership: gives body->data for free().
 */
FC_NODISCARD int fetch(const struct dial *dial, const char *path, struct fc_space *body);

#endif
