/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/source_impl.h"
#include "source/spec.h"

/* Known by name, so that the sentence is better than "protocol not found". */
static bool relay_matches(const char *spec)
{
    static const char prefix[] = "nats://";
    return strncmp(spec, prefix, strlen(prefix)) == 0;
}

static int relay_make(void **instance, const struct source_options *options, char *why,
                      size_t why_size)
{
    (void)instance;
    char label[SPEC_LABEL_SIZE];
    spec_label(options->spec, label);
    snprintf(why, why_size,
             "'%s' is relayed by another server, which this build cannot receive; "
             "try that server's http://HOST:PORT/streams/NAME.mjpg",
             label);
    return -EINVAL;
}

static const struct source_kind relay_kind = {
    .name = "relay",
    .matches = relay_matches,
    .make = relay_make,
};

/* The first that matches gets it, so the particular come before the general. */
const struct source_kind *const source_kinds[] = {
    &test_kind,    &published_kind, &stdin_kind, &camera_kind, &relay_kind,
    &network_kind, &stills_kind,    &file_kind,  NULL,
};
