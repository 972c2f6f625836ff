/* SPDX-License-Identifier: MIT */
#ifndef NET_PEERS_H
#define NET_PEERS_H

#include <stdint.h>

#include "net/address.h"

/*
 * How many connections each address has, so that one machine cannot take all there are. An IPv6
 * host owns the lower half of its address, so the upper half counts. Memory: one entry for each
 * address that is there. Entered by the listeners' loop, left on every loop.
 */

struct peers; /* Threads: any. */
struct peer;  /* An address that has connections. Threads: any. */

/** Errors: NULL without memory. */
FC_NODISCARD struct peers *peers_new(void);

/** Everybody must have left; ignores NULL. */
void peers_free(struct peers **peers);

/** One more of an Internet address. Errors: NULL when it has max already, or without memory. */
FC_NODISCARD struct peer *peers_enter(struct peers *peers, const struct address *address,
                                      uint32_t max);

/** One less; sets the pointer to NULL and ignores NULL. */
void peers_leave(struct peers *peers, struct peer **peer);

#endif
