/* SPDX-License-Identifier: MIT */
#ifndef NET_GATE_H
#define NET_GATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Freshness: whether the next picture may begin on a socket. About one picture is in flight.
 *
 * A picture that waits in the server can still be replaced by a newer one; a picture handed to the
 * kernel cannot. So the next one begins only when the kernel has sent all it was given, and what
 * the network holds is no more than the path needs: twice the measured delivery rate times the
 * shortest round trip (twice, so that a rate which is bounded by this very rule can grow), and at
 * least two segments, which a receiver may leave unacknowledged (RFC 1122, 4.2.3.2).
 */

enum gate { GATE_OPEN, GATE_UNSENT, GATE_IN_FLIGHT };

/** What the kernel says of a TCP socket. */
struct gate_reading {
    uint32_t queued;     /* bytes not acknowledged, SIOCOUTQ */
    uint32_t unsent;     /* of those, not yet sent, SIOCOUTQNSD */
    uint32_t mss;        /* bytes */
    uint32_t min_rtt_us; /* TCP_INFO */
    uint64_t rate;       /* bytes a second, TCP_INFO */
};

enum gate gate_decide(const struct gate_reading *reading);

/** Ask the kernel. A socket that cannot say (a Unix socket) is open when its queue is empty. */
enum gate gate_check(int fd, bool is_tcp);

/** Bytes that the peer has not acknowledged, or, on a Unix socket, not read. */
uint32_t gate_queued(int fd);

/** Have the socket report itself writable only when nothing is unsent, or as usual. */
void gate_wake_when_sent(int fd, bool is_tcp, bool is_wanted);

/**
 * Keep the send buffer of a TCP peer small if it is near. The kernel lets it grow to megabytes: no
 * short round trip needs them, and they fall out of the processor's cache between being copied in
 * and being copied out.
 *
 * @return false when the round trip is not known yet
 */
bool gate_bound_near(int fd);

#endif
