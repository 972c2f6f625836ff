/* SPDX-License-Identifier: MIT */
#include "hub/testing/fake_source.h"

#include <stdio.h>

struct source {
    int unused;
};

static struct source the_source;
struct fake_source fake_source;

int source_new(struct source **out, const struct source_options *options,
               const struct source_sink *sink, char *why, size_t why_size)
{
    (void)options;
    if (fake_source.new_result) {
        snprintf(why, why_size, "the fake source says no");
        return fake_source.new_result;
    }
    fake_source.sink = sink;
    *out = &the_source;
    return 0;
}

int source_start(struct source *source)
{
    (void)source;
    fake_source.started++;
    return 0;
}

void source_stop(struct source *source)
{
    (void)source;
    fake_source.stopped++;
}

void source_free(struct source **source)
{
    if (*source) {
        fake_source.sink = NULL;
    }
    *source = NULL;
}

const char *source_state_name(enum source_state state)
{
    (void)state;
    return "in a state";
}
