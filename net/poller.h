/* SPDX-License-Identifier: MIT */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <framecast/attr.h>

/*
 * The connections' sockets, on an epoll of their own whose descriptor libuv polls.
 *
 * A uv_poll_t takes 160 bytes of every idle connection; a watch takes 8. And under load a turn's
 * events come from epoll directly: libuv is asked for its timers and wake-ups only every few
 * rounds.
 */

struct poller; /* Threads: its loop's. */

/** One descriptor; embedded in something larger. */
struct poll_watch {
    int fd;
    uint32_t events; /* what is watched for: EPOLLIN, EPOLLOUT; changed by poller_watch() alone */
};

/** Who is told. Both on the loop's thread. */
struct poller_sink {
    /* The descriptor is ready. The watch must not be released before the round is over. */
    void (*ready)(void *ctx, struct poll_watch *watch, uint32_t events);
    void (*round_over)(void *ctx); /* all that were ready have been told */
    void *ctx;
};

/** Errors: -errno. Gives. */
FC_NODISCARD int poller_open(struct poller **out, uv_loop_t *loop, const struct poller_sink *sink);

/** Closes the handle on its loop, which must run once more before poller_free(). */
void poller_close(struct poller *poller);
void poller_free(struct poller **poller);

/**
 * Watch for those events from now on; 0: for nothing, not even the end. The descriptor is still the
 * caller's; it must be watched for nothing before it is closed.
 *
 * Errors:    -errno, nothing changed: only where there was nothing before.
 */
FC_NODISCARD int poller_watch(struct poller *poller, struct poll_watch *watch, uint32_t events);

#endif
