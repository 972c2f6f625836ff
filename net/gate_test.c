/* SPDX-License-Identifier: MIT */
#include "net/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(about_one_picture_is_in_flight) };
    return cmocka_run_group_tests_name("net/gate", tests, NULL, NULL);
}
