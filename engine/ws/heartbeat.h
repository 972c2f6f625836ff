/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_HEARTBEAT_H
#define ENGINE_WS_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/bytes.h>

/* When to ping, and when silence means that the peer is gone (RFC 6455 sections 5.5.2, 5.5.3). */

#define FC_WS_PING_BYTES 4

/** Time that nobody has told yet. */
#define FC_WS_TIME_UNKNOWN INT64_MIN

enum fc_ws_beat { FC_WS_BEAT_NONE, FC_WS_BEAT_PING, FC_WS_BEAT_DEAD };

/** Threads: one at a time. Units: nanoseconds of the clock that the caller passes in. */
struct fc_ws_heartbeat {
    int64_t ping_every_ns; /* 0: never */
    int64_t pong_timeout_ns;
    int64_t heard_ns; /* last input; FC_WS_TIME_UNKNOWN before the first call with a time */
    int64_t ping_ns;  /* when the ping that is unanswered was sent */
    uint32_t ping_id; /* the payload of the last ping */
    bool is_waiting;  /* for a pong */
};

/** Note that something arrived. */
void fc_ws_heartbeat_heard(struct fc_ws_heartbeat *heartbeat, int64_t now_ns);

/** Note that a ping is sent, and write its payload. */
void fc_ws_heartbeat_ping(struct fc_ws_heartbeat *heartbeat, int64_t now_ns,
                          uint8_t payload[FC_WS_PING_BYTES]);

/** The round trip of the ping that a pong answers, or -1 when it answers none of ours. */
int64_t fc_ws_heartbeat_pong(struct fc_ws_heartbeat *heartbeat, struct fc_bytes payload);

/** What is to be done now; *next_ns is when to ask again, INT64_MAX for never. */
enum fc_ws_beat fc_ws_heartbeat_poll(struct fc_ws_heartbeat *heartbeat, int64_t now_ns,
                                     int64_t *next_ns);

/** a + b for b >= 0, or INT64_MAX. */
static inline int64_t fc_ws_time_add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

#endif
