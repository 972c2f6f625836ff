/* SPDX-License-Identifier: MIT */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "net/address.h"

/*
 * A listening socket. Lives on the first loop, which hands each new connection to the loop that
 * has the fewest. Out of descriptors, it pauses for a while and nobody is dropped.
 */

struct listener;

/** Who is told. On the loop's thread. */
struct listener_sink {
    /* takes fd; is_plain: the listener was asked to speak no TLS, or is a Unix socket */
    void (*accepted)(void *ctx, int fd, const struct address *peer, bool is_plain);
    void (*paused)(void *ctx); /* out of descriptors */
    void *ctx;
};

/** Bind and listen. Errors: -errno with a sentence. */
FC_NODISCARD int listener_open(struct listener **out, const char *text, struct fc_error *error);

/** Closes what listener_start() did not take over, and removes a Unix socket's path. */
void listener_free(struct listener **listener);

const char *listener_address(const struct listener *listener);

/** Accept on that loop from now on. Errors: -errno. */
FC_NODISCARD int listener_start(struct listener *listener, uv_loop_t *loop,
                                const struct listener_sink *sink);

/** Accept no more; the handles close on the loop. */
void listener_stop(struct listener *listener);

#endif
