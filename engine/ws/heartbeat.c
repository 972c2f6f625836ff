/* SPDX-License-Identifier: MIT */
#include "engine/ws/heartbeat.h"

#include <assert.h>
#include <string.h>

/*
 * The time-out of a pong counts from the ping or from the last input after it: a peer in the middle
 * of a long frame cannot put a pong into it, and shows by its bytes that it is there.
 */

static void write_id(uint32_t id, uint8_t out[FC_WS_PING_BYTES])
{
    for (int i = 0; i < FC_WS_PING_BYTES; i++) {
        out[i] = (uint8_t)(id >> (24 - 8 * i));
    }
}

void fc_ws_heartbeat_heard(struct fc_ws_heartbeat *heartbeat, int64_t now_ns)
{
    heartbeat->heard_ns = now_ns;
}

void fc_ws_heartbeat_ping(struct fc_ws_heartbeat *heartbeat, int64_t now_ns,
                          uint8_t payload[FC_WS_PING_BYTES])
{
    assert(!heartbeat->is_waiting);
    heartbeat->is_waiting = true;
    heartbeat->ping_ns = now_ns;
    heartbeat->ping_id++;
    write_id(heartbeat->ping_id, payload);
}

int64_t fc_ws_heartbeat_pong(struct fc_ws_heartbeat *heartbeat, struct fc_bytes payload)
{
    uint8_t expected[FC_WS_PING_BYTES];
    write_id(heartbeat->ping_id, expected);
    if (!heartbeat->is_waiting || payload.size != sizeof(expected) ||
        memcmp(payload.data, expected, sizeof(expected)) != 0) {
        return -1;
    }
    heartbeat->is_waiting = false;
    const int64_t rtt_ns = heartbeat->heard_ns - heartbeat->ping_ns;
    return rtt_ns > 0 ? rtt_ns : 0;
}

enum fc_ws_beat fc_ws_heartbeat_poll(struct fc_ws_heartbeat *heartbeat, int64_t now_ns,
                                     int64_t *next_ns)
{
    struct fc_ws_heartbeat *h = heartbeat;
    if (h->heard_ns == FC_WS_TIME_UNKNOWN) {
        h->heard_ns = now_ns;
    }
    *next_ns = INT64_MAX;
    if (h->is_waiting) {
        const int64_t alive_ns = h->heard_ns > h->ping_ns ? h->heard_ns : h->ping_ns;
        *next_ns = fc_ws_time_add(alive_ns, h->pong_timeout_ns);
        return now_ns >= *next_ns ? FC_WS_BEAT_DEAD : FC_WS_BEAT_NONE;
    }
    if (h->ping_every_ns == 0) {
        return FC_WS_BEAT_NONE;
    }
    *next_ns = fc_ws_time_add(h->heard_ns, h->ping_every_ns);
    if (now_ns < *next_ns) {
        return FC_WS_BEAT_NONE;
    }
    *next_ns = fc_ws_time_add(now_ns, h->pong_timeout_ns);
    return FC_WS_BEAT_PING;
}
