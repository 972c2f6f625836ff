/* SPDX-License-Identifier: MIT */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdint.h>

#include "net/loop.h"
#include "net/url.h"

/*
 * From an address to a connected socket, without blocking: look the name up, then try its addresses
 * one after the other.
 */

struct dial; /* Threads: its loop's. */

/** Called once, not within dial_start(): a socket (gives), or -1 and a sentence. */
typedef void dial_done_fn(void *ctx, int fd, const char *why);

/** Begin. Errors: NULL without memory. Borrows url. Gives; ended by its done() or dial_cancel(). */
FC_NODISCARD struct dial *dial_start(struct fc_loop *loop, const struct url *url,
                                     dial_done_fn *done, void *ctx);

/** Give it up: done() is not called. Sets the pointer to NULL and ignores NULL. */
void dial_cancel(struct dial **dial);

#endif
