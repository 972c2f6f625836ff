/* SPDX-License-Identifier: MIT */
#include "engine/ws/header.h"

#include "engine/testing/test.h"

struct row {
    const char *wire;
    size_t size;
    struct fc_ws_header header;
};

#define WIRE(literal) (literal), sizeof(literal) - 1

static const struct row rows[] = {
    { WIRE("\x81\x05"), { .fin = true, .opcode = 1, .payload_bytes = 5 } },
    { WIRE("\x81\x85\x37\xfa\x21\x3d"),
      { .fin = true,
        .opcode = 1,
        .masked = true,
        .payload_bytes = 5,
        .mask = { 0x37, 0xfa, 0x21, 0x3d } } },
    { WIRE("\x01\x03"), { .opcode = 1, .payload_bytes = 3 } },
    { WIRE("\x80\x00"), { .fin = true, .opcode = 0 } },
    { WIRE("\x88\x7d"), { .fin = true, .opcode = 8, .payload_bytes = 125 } },
    { WIRE("\x89\x00"), { .fin = true, .opcode = 9 } },
    { WIRE("\x8a\x00"), { .fin = true, .opcode = 10 } },
    { WIRE("\x82\x7d"), { .fin = true, .opcode = 2, .payload_bytes = 125 } },
    { WIRE("\x82\x7e\x00\x7e"), { .fin = true, .opcode = 2, .payload_bytes = 126 } },
    { WIRE("\x82\x7e\xff\xff"), { .fin = true, .opcode = 2, .payload_bytes = 65535 } },
    { WIRE("\x82\x7f\0\0\0\0\0\x01\0\0"), { .fin = true, .opcode = 2, .payload_bytes = 65536 } },
    { WIRE("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04"),
      { .fin = true,
        .opcode = 2,
        .masked = true,
        .payload_bytes = INT64_MAX,
        .mask = { 1, 2, 3, 4 } } },
};

static enum fc_ws_step decode_exact(const char *wire, size_t size, struct fc_ws_header *header)
{
    uint8_t *exact = exact_copy(wire, size);
    const enum fc_ws_step step = fc_ws_header_decode(exact, size, header);
    free(exact);
    return step;
}

static void valid_headers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_ws_header h = { 0 };
        assert_int_equal(decode_exact(rows[i].wire, rows[i].size, &h), FC_WS_STEP_DONE);
        assert_int_equal(h.fin, rows[i].header.fin);
        assert_int_equal(h.opcode, rows[i].header.opcode);
        assert_int_equal(h.masked, rows[i].header.masked);
        assert_true(h.payload_bytes == rows[i].header.payload_bytes);
        assert_memory_equal(h.mask, rows[i].header.mask, sizeof(h.mask));
        assert_int_equal(h.header_bytes, rows[i].size);
    }
}

static void every_prefix_asks_for_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t n = 0; n < rows[i].size; n++) {
            struct fc_ws_header h = { .opcode = 77 };
            assert_int_equal(decode_exact(rows[i].wire, n, &h), FC_WS_STEP_MORE);
            assert_int_equal(h.opcode, 77);
        }
    }
}

static void written_headers_are_the_shortest(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t out[FC_WS_HEADER_MAX_BYTES];
        assert_int_equal(fc_ws_header_encode(&rows[i].header, out), rows[i].size);
        assert_memory_equal(out, rows[i].wire, rows[i].size);
    }
}

static void invalid_headers_fail(void **state)
{
    (void)state;
    static const struct {
        const char *wire;
        size_t size;
    } bad[] = {
        { WIRE("\x82\x7e\x00\x7d") },             /* 125 in 16 bits */
        { WIRE("\x82\x7f\0\0\0\0\0\0\xff\xff") }, /* 65535 in 64 bits */
        { WIRE("\x82\x7f\x80\0\0\0\0\0\0\0") },   /* 64 bits */
        { WIRE("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"
               "abcd") },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct fc_ws_header h = { .opcode = 77 };
        assert_int_equal(decode_exact(bad[i].wire, bad[i].size, &h), FC_WS_STEP_FAIL);
        assert_int_equal(h.opcode, 77);
    }
}

/* Every first two bytes there are, judged by the words of the RFC. */
static void every_start_is_judged(void **state)
{
    (void)state;
    for (unsigned start = 0; start < 65536; start++) {
        uint8_t wire[FC_WS_HEADER_MAX_BYTES] = { (uint8_t)(start >> 8), (uint8_t)start };
        const unsigned opcode = wire[0] & 15;
        const unsigned len7 = wire[1] & 127;
        wire[len7 == 126 ? 2 : 7] = len7 >= 126; /* some length that is minimal */
        const bool is_known = opcode < 3 || (opcode > 7 && opcode < 11);
        const bool is_bad_control = opcode > 7 && (len7 > 125 || !(wire[0] & 128));
        const bool is_bad_rsv = wire[0] & 0x30 || (wire[0] & 0x40 && opcode != 1 && opcode != 2);
        const bool is_valid = is_known && !is_bad_control && !is_bad_rsv;
        struct fc_ws_header h;
        const enum fc_ws_step step = fc_ws_header_decode(wire, sizeof(wire), &h);
        assert_int_equal(step, is_valid ? FC_WS_STEP_DONE : FC_WS_STEP_FAIL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_headers_are_read),
        cmocka_unit_test(every_prefix_asks_for_more),
        cmocka_unit_test(written_headers_are_the_shortest),
        cmocka_unit_test(invalid_headers_fail),
        cmocka_unit_test(every_start_is_judged),
    };
    return cmocka_run_group_tests_name("ws/header", tests, NULL, NULL);
}
