/* SPDX-License-Identifier: MIT */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <framecast/conn.h>

#include "cli/album.h"
#include "cli/config.h"
#include "cli/meter.h"
#include "net/url.h"

/*
 * What `watch` says and hears, on one connection after the other: which streams it wants, then
 * pictures and predictions, which it prints, keeps and counts. Complains itself.
 *
 *     session_init, then for each connection: session_begin [session_choose] session_message...
 *     session_over
 */

#define SESSION_STREAMS_MAX OPTION_LIST_MAX

enum session_step {
    SESSION_GOES_ON,
    SESSION_WANTS_LIST, /* of session_begin(): session_choose() is to be given what GET /streams
                           says */
    SESSION_DONE,       /* as many as --count asked for */
    SESSION_CLOSED,     /* the server said a friendly goodbye */
    SESSION_LOST,       /* it may work when tried again */
    SESSION_FAILED,     /* it will not */
};

/** What the server calls a stream on this connection. */
struct session_stream {
    uint16_t id; /* 0: not described yet */
    char name[STREAM_NAME_MAX + 1];
};

/** Threads: one at a time. */
struct session {
    const struct cli_watch *options; /* borrowed, as are the next two */
    const struct url *url;
    struct album *album; /* NULL: pictures are not kept */
    bool is_live;        /* framecast.v1, not a plain WebSocket */

    /* Carried from one connection to the next. */
    struct meter meter;
    uint64_t count;     /* of what --count counts */
    uint64_t plain_seq; /* pictures that came without a number */

    /* Of one connection. */
    struct fc_conn *conn;
    struct session_stream streams[SESSION_STREAMS_MAX];
    unsigned stream_count;
};

void session_init(struct session *session, const struct cli_watch *options, const struct url *url,
                  struct album *album);

/** What the WebSocket is opened with: its path, and the subprotocol or NULL. Borrowed. */
const char *session_path(const struct session *session);
const char *session_subprotocol(const struct session *session);

/** The connection is open: subscribe to what was asked for. Borrows conn until session_over(). */
enum session_step session_begin(struct session *session, struct fc_conn *conn);

/** Subscribe to the first stream of a list. */
enum session_step session_choose(struct session *session, struct fc_bytes list);

/** A message has come. */
enum session_step session_message(struct session *session, enum fc_ws_kind kind,
                                  struct fc_bytes payload);

/** The server has ended the connection, or the network has: CLOSED, LOST or FAILED. */
enum session_step session_over(struct session *session);

/** Print what --stats has counted since the last such call. */
void session_stats(struct session *session, int64_t now_ns);

#endif
