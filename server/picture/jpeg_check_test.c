/* SPDX-License-Identifier: MIT */
#include "picture/jpeg_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picture/jpeg_walk.h"
#include "picture/picture.h"

/* Not a picture that anybody could decode, but every kind of marker in its place. */
static const uint8_t small[] = {
    0xff, 0xd8,                                                    /* SOI */
    0xff, 0xe0, 0,    4,    'J', 'F',                              /* APP0 */
    0xff, 0xff, 0xff, 0xfe, 0,   2,                                /* fill, COM */
    0xff, 0xc2, 0,    11,   8,   0,    16,   0, 24, 1, 1, 0x11, 0, /* SOF2 24x16 */
    0xff, 0xc4, 0,    4,    0,   0,                                /* DHT */
    0xff, 0xda, 0,    8,    1,   1,    0,    0, 63, 0,             /* SOS */
    1,    2,    0xff, 0,    3,   0xff, 0xd0, 4,                    /* stuffed, RST0 */
    0xff, 0xc4, 0,    3,    0,                                     /* DHT between scans */
    0xff, 0xda, 0,    8,    1,   1,    0,    0, 63, 0,             /* SOS */
    5,    0xff, 0xff, 0xd9,                                        /* fill, EOI */
};

#define SOF_AT 14
#define SOS_AT 33

static const char *check_copy(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* lets ASan see an over-read */
    assert_non_null(exact);
    memcpy(exact, data, size);
    uint32_t width = 0, height = 0;
    size_t bytes = 0;
    const char *error =
        jpeg_check((struct fc_bytes){ .data = exact, .size = size }, &width, &height, &bytes);
    if (!error) {
        assert_true(width > 0 && height > 0 && bytes <= size);
    } else {
        assert_true(width == 0 && height == 0 && bytes == 0);
    }
    free(exact);
    return error;
}

static void jpeg_check_takes_a_whole_one(void **state)
{
    (void)state;
    uint32_t width, height;
    size_t bytes;
    assert_null(jpeg_check((struct fc_bytes){ .data = small, .size = sizeof(small) }, &width,
                           &height, &bytes));
    assert_int_equal(width, 24);
    assert_int_equal(height, 16);
    assert_int_equal(bytes, sizeof(small));
}

static void jpeg_check_does_not_count_what_follows(void **state)
{
    (void)state;
    uint8_t longer[sizeof(small) + 9] = { 0 };
    memcpy(longer, small, sizeof(small));
    uint32_t width, height;
    size_t bytes;
    assert_null(jpeg_check((struct fc_bytes){ .data = longer, .size = sizeof(longer) }, &width,
                           &height, &bytes));
    assert_int_equal(bytes, sizeof(small));
}

static void jpeg_check_finds_every_prefix_cut_short(void **state)
{
    (void)state;
    assert_string_equal(check_copy(small, 0), "the JPEG is empty");
    for (size_t n = 1; n < sizeof(small); n++) {
        assert_string_equal(check_copy(small, n), "the JPEG is cut short");
    }
    assert_null(check_copy(small, sizeof(small)));
}

/* Whatever a byte is changed to, nothing is read outside and no size is out of bounds. */
static void jpeg_check_survives_every_changed_byte(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(small); n++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t changed[sizeof(small)];
            memcpy(changed, small, sizeof(small));
            changed[n] = (uint8_t)value;
            (void)check_copy(changed, sizeof(changed));
        }
    }
}

struct refused {
    size_t at;
    uint8_t bytes[8];
    size_t count;
    const char *error;
};

static void jpeg_check_refuses_with_a_reason(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        { 0, { 0x89, 'P' }, 2, "it is not a JPEG" },
        { SOF_AT + 5,
          { 0xff, 0xff, 0xff, 0xff },
          4,
          "the JPEG is larger than 16384 pixels a side or 64 megapixels" },
        { SOF_AT + 5,
          { 0x40, 0x01, 0, 1 },
          4,
          "the JPEG is larger than 16384 pixels a side or 64 megapixels" },
        { SOF_AT + 5,
          { 0x20, 0x01, 0x20, 0 },
          4,
          "the JPEG is larger than 16384 pixels a side or 64 megapixels" },
        { SOF_AT + 5, { 0, 0 }, 2, "the JPEG has no size" },
        { SOF_AT + 7, { 0, 0 }, 2, "the JPEG has no size" },
        { SOF_AT + 4, { 12 }, 1, "the JPEG does not have 8 bits a sample" },
        { SOF_AT + 9, { 2 }, 1, "the JPEG's frame header is damaged" },
        { SOF_AT + 11, { 0x51 }, 1, "the JPEG's frame header is damaged" },
        { SOF_AT + 1,
          { 0xc3 },
          1,
          "the JPEG is lossless, hierarchical or arithmetic-coded, which is not supported" },
        { SOF_AT + 1,
          { 0xc9 },
          1,
          "the JPEG is lossless, hierarchical or arithmetic-coded, which is not supported" },
        { SOF_AT + 1, { 0xe1 }, 1, "the JPEG has a scan before its frame header" },
        { SOF_AT + 1, { 0xd8 }, 1, "the JPEG is cut short by another" },
        { SOF_AT + 1, { 0xd3 }, 1, "the JPEG has a marker out of place" },
        { SOF_AT + 1, { 0xd9 }, 1, "the JPEG holds no picture" },
        { SOF_AT, { 7 }, 1, "the JPEG has bytes that belong to nothing" },
        { 4, { 0, 1 }, 2, "the JPEG has a segment without a length" },
        { SOS_AT + 4, { 2 }, 1, "the JPEG's scan header is damaged" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t changed[sizeof(small)];
        memcpy(changed, small, sizeof(small));
        memcpy(changed + rows[i].at, rows[i].bytes, rows[i].count);
        const char *error = check_copy(changed, sizeof(changed));
        assert_non_null(error);
        assert_string_equal(error, rows[i].error);
    }
}

static void jpeg_check_takes_the_largest(void **state)
{
    (void)state;
    uint8_t changed[sizeof(small)];
    memcpy(changed, small, sizeof(small));
    memcpy(changed + SOF_AT + 5, (const uint8_t[]){ 0x10, 0, 0x40, 0 }, 4); /* 16384 x 4096 */
    assert_null(check_copy(changed, sizeof(changed)));
}

static void jpeg_check_bounds_the_scans(void **state)
{
    (void)state;
    static const uint8_t scan[] = { 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 9 };
    for (unsigned scans = JPEG_SCANS_MAX - 1; scans <= JPEG_SCANS_MAX + 1; scans++) {
        uint8_t data[SOS_AT + sizeof(scan) * (JPEG_SCANS_MAX + 1) + 2];
        memcpy(data, small, SOS_AT);
        size_t size = SOS_AT;
        for (unsigned i = 0; i < scans; i++) {
            memcpy(data + size, scan, sizeof(scan));
            size += sizeof(scan);
        }
        data[size++] = 0xff;
        data[size++] = 0xd9;
        const char *error = check_copy(data, size);
        assert_int_equal(error != NULL, scans > JPEG_SCANS_MAX);
    }
}

/* Stopped at any byte and carried on, the walk ends in the same place. */
static void jpeg_walk_goes_on_after_any_split(void **state)
{
    (void)state;
    for (size_t split = 0; split < sizeof(small); split++) {
        struct jpeg_walk walk = { .position = 0 };
        assert_int_equal(jpeg_walk(&walk, (struct fc_bytes){ .data = small, .size = split }),
                         JPEG_STEP_MORE);
        assert_true(walk.position <= split);
        assert_int_equal(
            jpeg_walk(&walk, (struct fc_bytes){ .data = small, .size = sizeof(small) }),
            JPEG_STEP_DONE);
        assert_int_equal(walk.position, sizeof(small));
        assert_int_equal(walk.scan_count, 2);
        assert_true(walk.has_huffman);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpeg_check_takes_a_whole_one),
        cmocka_unit_test(jpeg_check_does_not_count_what_follows),
        cmocka_unit_test(jpeg_check_finds_every_prefix_cut_short),
        cmocka_unit_test(jpeg_check_survives_every_changed_byte),
        cmocka_unit_test(jpeg_check_refuses_with_a_reason),
        cmocka_unit_test(jpeg_check_takes_the_largest),
        cmocka_unit_test(jpeg_check_bounds_the_scans),
        cmocka_unit_test(jpeg_walk_goes_on_after_any_split),
    };
    return cmocka_run_group_tests_name("jpeg_check", tests, NULL, NULL);
}
