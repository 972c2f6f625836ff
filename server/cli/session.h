/* SPDX-License-Identifier: MIT */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/album.h"
#include "cli/client.h"
#include "cli/config.h"
#include "cli/meter.h"

/* One connection of `watch`, from connecting to its end. Complains itself. */

#define SESSION_STREAMS_MAX OPTION_LIST_MAX

enum session_end {
    SESSION_DONE,   /* interrupted, or as many as --count asked for */
    SESSION_CLOSED, /* the server said a friendly goodbye */
    SESSION_LOST,   /* it may work when tried again */
    SESSION_FAILED, /* it will not */
};

/** What the server calls a stream on this connection. */
struct session_stream {
    uint16_t id; /* 0: not described yet */
    char name[STREAM_NAME_MAX + 1];
};

/** Threads: one at a time. */
struct session {
    /* Set by the caller, for all connections. */
    const struct cli_watch *options;
    const struct url *url;
    struct album *album; /* NULL: pictures are not kept */
    int interrupt_fd;

    /* Carried from one connection to the next. {0} at first. */
    struct meter meter;
    uint64_t count;     /* of what --count counts */
    uint64_t plain_seq; /* pictures that came without a number */
    bool was_up;        /* the last connection received something */

    /* Of one connection. */
    struct client *client;
    bool is_live; /* framecast.v1, not a plain WebSocket */
    struct session_stream streams[SESSION_STREAMS_MAX];
    unsigned stream_count;
};

enum session_end session_run(struct session *session);

/** Print what --stats has counted since its last line, if anything. */
void session_finish(struct session *session);

#endif
