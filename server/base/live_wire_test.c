/* SPDX-License-Identifier: MIT */
#include "base/live_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t wire[] = {
    1,    1,    0x01, 0x02, 1,    3,    0,    32,   /* version to header size */
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* sequence number */
    0x00, 0x05, 0xf8, 0x2b, 0x12, 0x34, 0x56, 0x78, /* capture time */
    0x00, 0x00, 0x05, 0x00, 0x02, 0xd0, 0xff, 0xff, /* width, height, left out */
    0xff, 0xd8, 0xff, 0xd9,                         /* the picture */
};

static void header_is_read_and_written(void **state)
{
    (void)state;
    struct live_header header;
    struct fc_bytes picture;
    assert_null(live_header_read((struct fc_bytes){ wire, sizeof(wire) }, &header, &picture));
    assert_int_equal(header.stream_id, 0x0102);
    assert_int_equal(header.codec, LIVE_JPEG);
    assert_true(header.is_key && header.is_discontinuity);
    assert_int_equal(header.seq, 0x0102030405060708);
    assert_int_equal(header.captured_at_us, 0x0005f82b12345678);
    assert_int_equal(header.width, 1280);
    assert_int_equal(header.height, 720);
    assert_int_equal(header.left_out, 65535);
    assert_ptr_equal(picture.data, wire + LIVE_HEADER_BYTES);
    assert_int_equal(picture.size, 4);

    uint8_t again[LIVE_HEADER_BYTES];
    live_header_write(&header, again);
    assert_memory_equal(again, wire, sizeof(again));
}

static void every_prefix_of_a_header_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof(wire); len++) {
        uint8_t *exact = malloc(len ? len : 1); /* lets a sanitizer see an over-read */
        assert_non_null(exact);
        memcpy(exact, wire, len);
        struct live_header header = { .seq = 42 };
        struct fc_bytes picture;
        const char *reason = live_header_read((struct fc_bytes){ exact, len }, &header, &picture);
        assert_int_equal(reason == NULL, len >= LIVE_HEADER_BYTES);
        assert_int_equal(header.seq == 42, len < LIVE_HEADER_BYTES);
        free(exact);
    }
}

static void other_headers(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        bool is_right;
        size_t payload;
    } rows[] = {
        { 0, 0, false, 0 },  { 0, 2, false, 0 }, { 1, 0, false, 0 },  { 1, 2, false, 0 },
        { 7, 31, false, 0 }, { 7, 33, true, 3 }, { 7, 36, true, 0 },  { 7, 37, false, 0 },
        { 6, 1, false, 0 },  { 4, 2, true, 4 },  { 4, 255, true, 4 }, { 5, 255, true, 4 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t changed[sizeof(wire)];
        struct live_header header;
        struct fc_bytes picture;
        memcpy(changed, wire, sizeof(wire));
        changed[rows[i].at] = rows[i].value;
        const char *reason =
            live_header_read((struct fc_bytes){ changed, sizeof(changed) }, &header, &picture);
        assert_int_equal(reason == NULL, rows[i].is_right);
        if (rows[i].is_right) {
            assert_int_equal(picture.size, rows[i].payload);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_read_and_written),
        cmocka_unit_test(every_prefix_of_a_header_is_refused),
        cmocka_unit_test(other_headers),
    };
    return cmocka_run_group_tests_name("live_wire", tests, NULL, NULL);
}
