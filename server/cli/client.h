/* SPDX-License-Identifier: MIT */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <framecast/ws.h>

#include "cli/dial.h"

/* A WebSocket connection of our own, used by one thread that waits for it. */

#define CLIENT_MESSAGE_MAX_BYTES (UINT64_C(64) * 1024 * 1024)

struct client; /* Threads: one at a time. */

enum client_step {
    CLIENT_EVENT,       /* *event is set; FC_WS_EVENT_CLOSE is the last one */
    CLIENT_TIMEOUT,     /* the deadline has passed */
    CLIENT_INTERRUPTED, /* interrupt_fd can be read */
    CLIENT_CLOSED,      /* the connection is over */
};

/**
 * Connect and do the opening handshake.
 *
 * @param path         what the request asks for, with the query
 * @param subprotocol  one that the server must agree to, or NULL
 *
 * Errors:    as in dial.h.
 * Ownership: gives. Borrows dial for the call.
 */
FC_NODISCARD int client_open(struct client **out, const struct dial *dial, const char *path,
                             const char *subprotocol);

/** Wait for the next event, answering pings meanwhile. What *event points to lives until the next
 *  call. */
FC_NODISCARD enum client_step client_next(struct client *client, int64_t deadline_ns,
                                          struct fc_ws_event *event);

/** Queue a text message; it leaves in the next client_next(). False once closing has begun. */
bool client_send(struct client *client, const char *text);

/** Say goodbye, waiting for the answer at most about a second, and release. Ignores NULL. */
void client_close(struct client **client, enum fc_ws_code code, const char *reason);

#endif
