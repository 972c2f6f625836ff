/* SPDX-License-Identifier: MIT */
#ifndef CLI_BACKOFF_H
#define CLI_BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before trying again: twice as long each time, and a random part of it, so that
 * many clients do not come back in one instant. {0} is ready for use. Threads: one at a time.
 */

#define BACKOFF_FIRST_MS 250
#define BACKOFF_LAST_MS 10000

struct backoff {
    int64_t bound_ms; /* of the next pause; 0: BACKOFF_FIRST_MS */
};

/** The next pause: from half the bound to all of it, as random (any 32 bits) says. */
int64_t backoff_next_ms(struct backoff *backoff, uint32_t random);

/** It worked: the next pause is a short one again. */
void backoff_reset(struct backoff *backoff);

#endif
