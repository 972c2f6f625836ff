/* SPDX-License-Identifier: MIT */
#include "engine/ws/closing.h"

#include "engine/testing/test.h"

static void codes_of_the_registry_are_valid(void **state)
{
    (void)state;
    static const unsigned valid[] = { 1000, 1001, 1002, 1003, 1007, 1008,
                                      1009, 1010, 1011, 1012, 1013, 1014 };
    for (unsigned code = 0; code < 65536; code++) {
        bool expected = code >= 3000 && code < 5000;
        for (size_t i = 0; i < COUNT(valid); i++) {
            expected = expected || code == valid[i];
        }
        assert_int_equal(fc_ws_close_code_is_valid(code), expected);
    }
}

static void payloads_are_read(void **state)
{
    (void)state;
    static const struct {
        struct fc_bytes payload;
        uint16_t failure;
        uint16_t code;
    } rows[] = {
        { { NULL, 0 }, 0, FC_WS_CODE_NO_STATUS },
        { { (const uint8_t *)"\x03", 1 }, 1002, 0 },
        { { (const uint8_t *)"\x03\xe8", 2 }, 0, 1000 },
        { { (const uint8_t *)"\x03\xe9gone", 6 }, 0, 1001 },
        { { (const uint8_t *)"\x03\xed", 2 }, 1002, 0 },
        { { (const uint8_t *)"\x03\xe8\xc3", 3 }, 1007, 0 },
        { { (const uint8_t *)"\x0f\xa0\xc3\xa9", 4 }, 0, 4000 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint16_t code = 0;
        struct fc_bytes reason = { 0 };
        uint8_t *exact = exact_copy(rows[i].payload.data, rows[i].payload.size);
        const struct fc_bytes payload = { exact, rows[i].payload.size };
        assert_int_equal(fc_ws_close_decode(payload, &code, &reason), rows[i].failure);
        assert_int_equal(code, rows[i].code);
        if (code >= 1000 && payload.size > 2) {
            assert_int_equal(reason.size, payload.size - 2);
        }
        free(exact);
    }
}

static void payloads_are_written(void **state)
{
    (void)state;
    uint8_t out[FC_WS_CONTROL_MAX_BYTES];
    assert_int_equal(fc_ws_close_encode(FC_WS_CODE_NO_STATUS, BYTES("x"), out), 0);
    assert_int_equal(fc_ws_close_encode(1001, BYTES("bye"), out), 5);
    assert_memory_equal(out,
                        "\x03\xe9"
                        "bye",
                        5);
    assert_int_equal(fc_ws_close_encode(4000, BYTES("\xff"), out), 2);
    assert_memory_equal(out, "\x0f\xa0", 2);
}

static void long_reasons_are_cut_at_a_character(void **state)
{
    (void)state;
    uint8_t out[FC_WS_CONTROL_MAX_BYTES];
    uint8_t reason[130];
    memset(reason, 'a', sizeof(reason));
    static const struct {
        size_t size;
        size_t written;
    } rows[] = { { 122, 124 }, { 123, 125 }, { 124, 125 }, { 130, 125 } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fc_bytes text = { reason, rows[i].size };
        assert_int_equal(fc_ws_close_encode(1000, text, out), rows[i].written);
    }
    memcpy(reason + 121, "\xe2\x82\xac", 3); /* its last byte would be the 124th */
    assert_int_equal(fc_ws_close_encode(1000, (struct fc_bytes){ reason, 130 }, out), 123);
    memcpy(reason + 119,
           "a\xe2\x82\xac"
           "aa",
           6); /* fits to the byte */
    assert_int_equal(fc_ws_close_encode(1000, (struct fc_bytes){ reason, 130 }, out), 125);
}

/* Once final, always final; and nothing leads back to open. */
static void states_only_go_forward(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FC_WS_CLOSING_COUNT; i++) {
        for (unsigned k = 0; k < FC_WS_SIGNAL_COUNT; k++) {
            const enum fc_ws_closing from = (enum fc_ws_closing)i;
            const enum fc_ws_closing next = fc_ws_closing_next(from, (enum fc_ws_signal)k);
            assert_int_not_equal(next, FC_WS_CLOSING_OPEN);
            if (fc_ws_closing_is_final(from)) {
                assert_true(fc_ws_closing_is_final(next));
            }
        }
    }
    assert_int_equal(fc_ws_closing_next(FC_WS_CLOSING_SENT, FC_WS_SIGNAL_RECEIVE),
                     FC_WS_CLOSING_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_the_registry_are_valid),
        cmocka_unit_test(payloads_are_read),
        cmocka_unit_test(payloads_are_written),
        cmocka_unit_test(long_reasons_are_cut_at_a_character),
        cmocka_unit_test(states_only_go_forward),
    };
    return cmocka_run_group_tests_name("ws/closing", tests, NULL, NULL);
}
