/* SPDX-License-Identifier: MIT */
#include "plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_for(const struct plan *plan, const char *stream)
{
    return plan->stream[0] == '\0' || strcmp(plan->stream, stream) == 0;
}

/* Give it to the streams that it is for. */
static bool spread(struct stream_plans *plans, const struct cli_serve *config,
                   const struct plan *plan, char *why, size_t why_size)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < config->stream_count; i++) {
        struct stream_plans *of = &plans[i];
        if (!is_for(plan, config->streams[i].name)) {
            continue;
        }
        if (of->count == STREAM_PREDICTORS_MAX) {
            snprintf(why, why_size, "stream '%s' is given more than %d predictors",
                     config->streams[i].name, STREAM_PREDICTORS_MAX);
            return false;
        }
        of->plan[of->count++] = *plan;
        taken++;
    }
    if (taken == 0) {
        snprintf(why, why_size,
                 "predictor '[stream=%s]': there is no such stream; one has the name that stands "
                 "before its source: NAME=SOURCE",
                 plan->stream);
    }
    return taken > 0;
}

struct stream_plans *plans_make(const struct cli_serve *config, char *why, size_t why_size)
{
    struct stream_plans *plans = calloc(config->stream_count, sizeof(*plans));
    if (!plans) {
        snprintf(why, why_size, "out of memory");
        return NULL;
    }
    for (unsigned i = 0; i < config->predict.count; i++) {
        struct plan plan;
        if (!plan_parse(&plan, config->predict.item[i], why, why_size) ||
            !spread(plans, config, &plan, why, why_size) ||
            !predictor_check(plan.spec, why, why_size)) {
            free(plans);
            return NULL;
        }
    }
    return plans;
}
