/* SPDX-License-Identifier: MIT */
#ifndef SERVER_PLANS_H
#define SERVER_PLANS_H

#include "cli/config.h"
#include "hub/stream.h"
#include "predict/plan.h"

/* Which predictors each stream has, as the command line asks for them. */

struct stream_plans {
    struct plan plan[STREAM_PREDICTORS_MAX];
    unsigned count;
};

/**
 * Read what is asked of predictors, and whether they can be had at all. Gives one for each stream
 * of the configuration, in its order; what it borrows lives as long as the command line.
 *
 * Errors:    NULL with a sentence in why.
 * Ownership: gives; released with free().
 */
FC_NODISCARD struct stream_plans *plans_make(const struct cli_serve *config, char *why,
                                             size_t why_size);

#endif
