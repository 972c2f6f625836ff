/* SPDX-License-Identifier: MIT */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>

/*
 * What a loop waits in: an epoll with every connection's socket, and libuv's own descriptor as one
 * among them.
 *
 * A uv_poll_t takes 160 bytes of every idle connection, a watch takes 8; and sockets that are ready
 * cost no turn of libuv's, which is run only when its descriptor or a timer asks for it.
 */

#define POLLER_EVENTS_MAX 256 /* told in one wait */

struct poller; /* Threads: its loop's. */

/** One descriptor; embedded in something larger. */
struct poll_watch {
    int fd;
    uint32_t events; /* what is watched for: EPOLLIN, EPOLLOUT; changed by poller_watch() alone */
};

/** The descriptor is ready. No watch may be released before the wait is over. */
typedef void poller_ready_fn(void *ctx, struct poll_watch *watch, uint32_t events);

/** @param other  a descriptor that is only asked whether it can be read. Errors: -errno. Gives. */
FC_NODISCARD int poller_open(struct poller **out, int other);
void poller_close(struct poller **poller);

/** Wait, at most that long (-1: for ever), and tell what is ready. True when other can be read. */
bool poller_wait(struct poller *poller, int timeout_ms, poller_ready_fn *ready, void *ctx);

/**
 * Watch for those events from now on; 0: for nothing, not even the end. The descriptor is still the
 * caller's; it must be watched for nothing before it is closed.
 *
 * Errors:    -errno, nothing changed: only where there was nothing before.
 */
FC_NODISCARD int poller_watch(struct poller *poller, struct poll_watch *watch, uint32_t events);

#endif
