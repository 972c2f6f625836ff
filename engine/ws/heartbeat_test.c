/* SPDX-License-Identifier: MIT */
#include "engine/ws/heartbeat.h"

#include "engine/testing/test.h"

#define SECONDS(n) (INT64_C(1000000000) * (n))

static struct fc_ws_heartbeat beating(void)
{
    return (struct fc_ws_heartbeat){
        .ping_every_ns = SECONDS(20),
        .pong_timeout_ns = SECONDS(10),
        .heard_ns = FC_WS_TIME_UNKNOWN,
    };
}

static void silence_is_pinged_then_dead(void **state)
{
    (void)state;
    struct fc_ws_heartbeat hb = beating();
    uint8_t id[FC_WS_PING_BYTES];
    int64_t next_ns;
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(100), &next_ns), FC_WS_BEAT_NONE);
    assert_true(next_ns == SECONDS(120));
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(120) - 1, &next_ns), FC_WS_BEAT_NONE);
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(120), &next_ns), FC_WS_BEAT_PING);
    assert_true(next_ns == SECONDS(130));
    fc_ws_heartbeat_ping(&hb, SECONDS(120), id);
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(130) - 1, &next_ns), FC_WS_BEAT_NONE);
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(130), &next_ns), FC_WS_BEAT_DEAD);
}

static void input_puts_both_off(void **state)
{
    (void)state;
    struct fc_ws_heartbeat hb = beating();
    uint8_t id[FC_WS_PING_BYTES];
    int64_t next_ns;
    fc_ws_heartbeat_heard(&hb, SECONDS(5));
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(24), &next_ns), FC_WS_BEAT_NONE);
    assert_true(next_ns == SECONDS(25));
    fc_ws_heartbeat_ping(&hb, SECONDS(25), id);
    fc_ws_heartbeat_heard(&hb, SECONDS(30));
    assert_int_equal(fc_ws_heartbeat_poll(&hb, SECONDS(36), &next_ns), FC_WS_BEAT_NONE);
    assert_true(next_ns == SECONDS(40));
}

static void only_the_last_ping_is_answered(void **state)
{
    (void)state;
    struct fc_ws_heartbeat hb = beating();
    uint8_t id[FC_WS_PING_BYTES];
    assert_true(fc_ws_heartbeat_pong(&hb, BYTES("\0\0\0\0")) == -1); /* none was sent */
    fc_ws_heartbeat_ping(&hb, SECONDS(1), id);
    fc_ws_heartbeat_heard(&hb, SECONDS(3));
    assert_true(fc_ws_heartbeat_pong(&hb, BYTES("abc")) == -1);
    assert_true(fc_ws_heartbeat_pong(&hb, BYTES("abcd")) == -1);
    assert_true(fc_ws_heartbeat_pong(&hb, (struct fc_bytes){ id, 4 }) == SECONDS(2));
    assert_true(fc_ws_heartbeat_pong(&hb, (struct fc_bytes){ id, 4 }) == -1);
    fc_ws_heartbeat_ping(&hb, SECONDS(9), id);
    assert_true(fc_ws_heartbeat_pong(&hb, (struct fc_bytes){ id, 4 }) == 0); /* the clock stood */
}

static void without_pings_there_is_no_deadline(void **state)
{
    (void)state;
    struct fc_ws_heartbeat hb = { .heard_ns = FC_WS_TIME_UNKNOWN };
    int64_t next_ns;
    assert_int_equal(fc_ws_heartbeat_poll(&hb, 0, &next_ns), FC_WS_BEAT_NONE);
    assert_true(next_ns == INT64_MAX);
    assert_true(fc_ws_time_add(INT64_MAX - 1, 2) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_pinged_then_dead),
        cmocka_unit_test(input_puts_both_off),
        cmocka_unit_test(only_the_last_ping_is_answered),
        cmocka_unit_test(without_pings_there_is_no_deadline),
    };
    return cmocka_run_group_tests_name("ws/heartbeat", tests, NULL, NULL);
}
