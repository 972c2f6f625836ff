/* SPDX-License-Identifier: MIT */
#include "net/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/testing/pair.h"

#define MSS 1448

static const struct row {
    const char *what;
    struct gate_reading reading;
    enum gate expected;
} rows[] = {
    { "nothing queued", { .mss = MSS }, GATE_OPEN },
    { "one byte unsent", { .queued = 1, .unsent = 1, .mss = MSS }, GATE_UNSENT },
    { "two segments unacknowledged", { .queued = 2 * MSS, .mss = MSS }, GATE_OPEN },
    { "a byte more", { .queued = 2 * MSS + 1, .mss = MSS }, GATE_IN_FLIGHT },
    /* 1 MB/s over 100 ms: twice the path is 200 kB */
    { "as much as the path needs",
      { .queued = 200000, .mss = MSS, .min_rtt_us = 100000, .rate = 1000000 },
      GATE_OPEN },
    { "a byte more than the path needs",
      { .queued = 200001, .mss = MSS, .min_rtt_us = 100000, .rate = 1000000 },
      GATE_IN_FLIGHT },
    { "unsent on a long path",
      { .queued = 100, .unsent = 1, .mss = MSS, .min_rtt_us = 100000, .rate = 1000000 },
      GATE_UNSENT },
    /* 40 GB/s over 9 s does not overflow */
    { "a rate beyond any",
      { .queued = UINT32_MAX, .mss = MSS, .min_rtt_us = 9000000, .rate = 40000000000 },
      GATE_OPEN },
    { "a round trip not yet measured",
      { .queued = 2 * MSS + 1, .mss = MSS, .min_rtt_us = UINT32_MAX, .rate = 1000000 },
      GATE_IN_FLIGHT },
};

static void about_one_picture_is_in_flight(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (gate_decide(&rows[i].reading) != rows[i].expected) {
            fail_msg("%s", rows[i].what);
        }
    }
}

/* How much the kernel takes for a peer that reads nothing. */
static size_t fill(int fd)
{
    static const char bytes[64 * 1024];
    size_t taken = 0;
    for (ssize_t sent; (sent = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0;) {
        taken += (size_t)sent;
    }
    return taken;
}

static void a_near_peer_has_a_small_buffer(void **state)
{
    int fds[2];
    (void)state;
    pair_connect(fds);
    assert_int_equal(gate_queued(fds[1]), 0);
    assert_true(gate_bound_near(fds[1]));
    (void)fill(fds[1]);
    /* what the peer has not acknowledged: twice the bound, as the kernel counts, and a write */
    assert_true(gate_queued(fds[1]) <= 1024 * 1024 + 64 * 1024);
    pair_close(fds);
}

static void what_is_not_tcp_is_left_alone(void **state)
{
    int fds[2], before = 0, after = 0;
    socklen_t size = sizeof(before);
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(getsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &before, &size), 0);
    assert_false(gate_bound_near(fds[0]));
    assert_int_equal(getsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &after, &size), 0);
    assert_int_equal(before, after);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(about_one_picture_is_in_flight),
        cmocka_unit_test(a_near_peer_has_a_small_buffer),
        cmocka_unit_test(what_is_not_tcp_is_left_alone),
    };
    return cmocka_run_group_tests_name("net/gate", tests, NULL, NULL);
}
