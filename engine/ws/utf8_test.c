/* SPDX-License-Identifier: MIT */
#include "engine/ws/utf8.h"

#include "engine/testing/test.h"

/* An independent judge: decode by arithmetic, then look at the number. */
static bool is_valid_by_decoding(const uint8_t *text, size_t size)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    for (size_t i = 0; i < size;) {
        const uint8_t lead = text[i];
        const size_t len = lead < 0x80             ? 1
                           : (lead & 0xe0) == 0xc0 ? 2
                           : (lead & 0xf0) == 0xe0 ? 3
                           : (lead & 0xf8) == 0xf0 ? 4
                                                   : 0;
        if (len == 0 || i + len > size) {
            return false;
        }
        uint32_t code = len == 1 ? lead : lead & (0x7fu >> len);
        for (size_t k = 1; k < len; k++) {
            if ((text[i + k] & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (text[i + k] & 0x3f);
        }
        if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
            return false;
        }
        i += len;
    }
    return true;
}

static bool is_valid_by_twin(struct fc_bytes text)
{
    struct fc_utf8 utf8 = { 0 };
    return fc_utf8_check_scalar(&utf8, text) && fc_utf8_is_complete(&utf8);
}

static void check(const uint8_t *data, size_t size)
{
    const struct fc_bytes text = { data, size };
    const bool expected = is_valid_by_decoding(data, size);
    if (fc_utf8_is_valid(text) != expected || is_valid_by_twin(text) != expected) {
        fail_msg("%zu bytes, %02x %02x %02x %02x", size, data[0], data[1], data[2], data[3]);
    }
}

static void all_short_sequences_are_judged(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 0x1000000; n++) {
        const uint8_t text[4] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
        check(text, 3);
        if ((n & 0xff) == 0) {
            check(text, 2);
        }
        if ((n & 0xffff) == 0) {
            check(text, 1);
        }
    }
}

static void four_byte_boundaries_are_judged(void **state)
{
    (void)state;
    static const uint8_t edge[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff };
    for (unsigned lead = 0xe0; lead <= 0xff; lead++) {
        for (unsigned second = 0; second <= 0xff; second++) {
            for (size_t k = 0; k < COUNT(edge); k++) {
                for (size_t m = 0; m < COUNT(edge); m++) {
                    const uint8_t text[4] = { (uint8_t)lead, (uint8_t)second, edge[k], edge[m] };
                    check(text, 4);
                }
            }
        }
    }
}

static const char mixed[] = "The quick brown fox jumps over the lazy dog, and again: "
                            "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5 \xe2\x82\xac "
                            "\xf0\x9f\x8e\xa5 0123456789abcdef0123456789abcdef0123456789 "
                            "\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80 end";

static void pieces_equal_the_whole(void **state)
{
    (void)state;
    const size_t size = sizeof(mixed) - 1;
    for (size_t at = 0; at <= size; at++) {
        uint8_t *front = exact_copy(mixed, at);
        uint8_t *back = exact_copy(mixed + at, size - at);
        struct fc_utf8 utf8 = { 0 };
        assert_true(fc_utf8_check(&utf8, (struct fc_bytes){ front, at }));
        assert_int_equal(fc_utf8_is_complete(&utf8), (mixed[at] & 0xc0) != 0x80);
        assert_true(fc_utf8_check(&utf8, (struct fc_bytes){ back, size - at }));
        assert_true(fc_utf8_is_complete(&utf8));
        free(front);
        free(back);
    }
}

static void one_wrong_byte_is_found_anywhere(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 100; size++) {
        for (size_t at = 0; at < size; at++) {
            uint8_t text[100];
            memset(text, 'a', sizeof(text));
            text[at] = 0xff;
            struct fc_utf8 utf8 = { 0 };
            assert_false(fc_utf8_check(&utf8, (struct fc_bytes){ text, size }));
            assert_true(fc_utf8_check(&utf8, (struct fc_bytes){ text, at }));
        }
    }
}

/* The first byte that nothing valid can follow is enough: no waiting for the end. */
static void failure_is_early(void **state)
{
    (void)state;
    static const char *const prefix[] = { "\xc0",     "\xf5",     "\xe0\x9f", "\xed\xa0",
                                          "\xf0\x8f", "\xf4\x90", "\x80" };
    for (size_t i = 0; i < COUNT(prefix); i++) {
        struct fc_utf8 utf8 = { 0 };
        const struct fc_bytes text = { (const uint8_t *)prefix[i], strlen(prefix[i]) };
        assert_false(fc_utf8_check(&utf8, text));
        assert_true(fc_utf8_check(&utf8, (struct fc_bytes){ text.data, text.size - 1 }));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_short_sequences_are_judged),
        cmocka_unit_test(four_byte_boundaries_are_judged),
        cmocka_unit_test(pieces_equal_the_whole),
        cmocka_unit_test(one_wrong_byte_is_found_anywhere),
        cmocka_unit_test(failure_is_early),
    };
    return cmocka_run_group_tests_name("ws/utf8", tests, NULL, NULL);
}
