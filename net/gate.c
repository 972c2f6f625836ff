/* SPDX-License-Identifier: MIT */
#include "net/gate.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define SEGMENTS_UNACKNOWLEDGED 2
#define RATE_GAIN 2
#define US_PER_S 1000000
#define RTT_MAX_US (10 * US_PER_S) /* the kernel says UINT32_MAX while it has not measured */
#define RATE_MAX UINT64_C(100000000000)
#define NEAR_RTT_US 100
#define NEAR_BUFFER_BYTES (512 * 1024) /* half of it costs a message of 1 MB more wake-ups */

enum gate gate_decide(const struct gate_reading *reading)
{
    if (reading->unsent > 0) {
        return GATE_UNSENT;
    }
    const uint64_t rtt_us = reading->min_rtt_us < RTT_MAX_US ? reading->min_rtt_us : 0;
    const uint64_t rate = reading->rate < RATE_MAX ? reading->rate : RATE_MAX;
    const uint64_t path = RATE_GAIN * rate * rtt_us / US_PER_S;
    const uint64_t least = (uint64_t)SEGMENTS_UNACKNOWLEDGED * reading->mss;
    return reading->queued <= (path > least ? path : least) ? GATE_OPEN : GATE_IN_FLIGHT;
}

static uint32_t queue_size(int fd, unsigned long request)
{
    int size = 0;
    return ioctl(fd, request, &size) == 0 && size > 0 ? (uint32_t)size : 0;
}

uint32_t gate_queued(int fd)
{
    return queue_size(fd, SIOCOUTQ);
}

enum gate gate_check(int fd, bool is_tcp)
{
    struct gate_reading reading = { .queued = gate_queued(fd) };
    if (reading.queued == 0) {
        return GATE_OPEN;
    }
    if (!is_tcp) {
        return GATE_IN_FLIGHT;
    }
    reading.unsent = queue_size(fd, SIOCOUTQNSD);
    if (reading.unsent > 0) {
        return GATE_UNSENT;
    }
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return GATE_IN_FLIGHT;
    }
    reading.mss = info.tcpi_snd_mss;
    reading.min_rtt_us = info.tcpi_min_rtt;
    reading.rate = info.tcpi_delivery_rate;
    return gate_decide(&reading);
}

void gate_wake_when_sent(int fd, bool is_tcp, bool is_wanted)
{
    if (!is_tcp) {
        return;
    }
    const int low_water = is_wanted ? 1 : 0; /* 0: the system's default, no bound */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low_water, sizeof(low_water));
}

bool gate_bound_near(int fd)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        info.tcpi_min_rtt >= RTT_MAX_US) {
        return false;
    }
    const int bytes = NEAR_BUFFER_BYTES;
    if (info.tcpi_min_rtt <= NEAR_RTT_US) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    }
    return true;
}
