/* SPDX-License-Identifier: MIT */
#ifndef HUB_TESTING_FAKE_SOURCE_H
#define HUB_TESTING_FAKE_SOURCE_H

#include "source/source.h"

/* In the place of source/source.c: the test gives the pictures, through the sink. */

struct fake_source {
    const struct source_sink *sink; /* of the last source that was made; NULL once it is freed */
    int new_result;                 /* what source_new() gives */
    int started, stopped;
};

extern struct fake_source fake_source;

#endif
