/* SPDX-License-Identifier: MIT */
#include "engine/ws/mask.h"

#include "engine/testing/test.h"

enum { ALIGNMENTS = 64, SIZES = 301 };

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

static void fill(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(i * 131 + 7);
    }
}

static void vectors_equal_the_scalar_twin(void **state)
{
    (void)state;
    static uint8_t fast[ALIGNMENTS + SIZES + 1];
    static uint8_t slow[ALIGNMENTS + SIZES + 1];
    for (size_t at = 0; at < ALIGNMENTS; at++) {
        for (size_t size = 0; size < SIZES; size++) {
            for (uint64_t offset = 0; offset < 4; offset++) {
                fill(fast, sizeof(fast));
                fill(slow, sizeof(slow));
                fc_ws_mask(fast + at, size, key, offset);
                fc_ws_mask_scalar(slow + at, size, key, offset);
                assert_memory_equal(fast, slow, sizeof(fast)); /* nothing beside it either */
            }
        }
    }
}

static void nothing_outside_is_touched(void **state)
{
    (void)state;
    for (size_t size = 0; size < SIZES; size++) {
        uint8_t *data = malloc(size + 1);
        assert_non_null(data);
        fill(data, size);
        fc_ws_mask(data, size, key, UINT64_C(0x100000003));
        free(data);
    }
}

static void pieces_equal_the_whole(void **state)
{
    (void)state;
    uint8_t whole[SIZES];
    uint8_t pieces[SIZES];
    fill(whole, sizeof(whole));
    fc_ws_mask(whole, sizeof(whole), key, 0);
    for (size_t split = 0; split <= SIZES; split++) {
        fill(pieces, sizeof(pieces));
        fc_ws_mask(pieces, split, key, 0);
        fc_ws_mask(pieces + split, sizeof(pieces) - split, key, split);
        assert_memory_equal(pieces, whole, sizeof(whole));
    }
}

/* RFC 6455 section 5.7 */
static void hello_is_unmasked(void **state)
{
    (void)state;
    uint8_t data[] = { 0x7f, 0x9f, 0x4d, 0x51, 0x58 };
    fc_ws_mask(data, sizeof(data), key, 0);
    assert_memory_equal(data, "Hello", sizeof(data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_equal_the_scalar_twin),
        cmocka_unit_test(nothing_outside_is_touched),
        cmocka_unit_test(pieces_equal_the_whole),
        cmocka_unit_test(hello_is_unmasked),
    };
    return cmocka_run_group_tests_name("ws/mask", tests, NULL, NULL);
}
