/* SPDX-License-Identifier: MIT */
#include "engine/ws/mask.h"

#include "engine/testing/test.h"
#include "engine/ws/processor.h"

enum { ALIGNMENTS = 64, SIZES = 301 };

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

static void fill(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(i * 131 + 7);
    }
}

static uint32_t random_state = 1;

static uint8_t random_byte(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint8_t)(random_state >> 24);
}

static void fill_at_random(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = random_byte();
    }
}

/* What fc_ws_mask() does on a processor of one kind. */
typedef void mask_function(uint8_t *data, size_t size, uint64_t offset);

static void mask_chosen(uint8_t *data, size_t size, uint64_t offset)
{
    fc_ws_mask(data, size, key, offset);
}

static void mask_any(uint8_t *data, size_t size, uint64_t offset)
{
    if (size < FC_WS_MASK_VECTOR_BYTES) {
        fc_ws_mask(data, size, key, offset);
    } else {
        fc_ws_mask_any(data, size, fc_ws_mask_key(key, offset));
    }
}

static void mask_avx2(uint8_t *data, size_t size, uint64_t offset)
{
    if (size < FC_WS_MASK_VECTOR_BYTES) {
        fc_ws_mask(data, size, key, offset);
    } else {
        fc_ws_mask_avx2(data, size, fc_ws_mask_key(key, offset));
    }
}

static void equals_the_scalar_twin(mask_function *mask)
{
    static uint8_t fast[ALIGNMENTS + SIZES + 1];
    static uint8_t slow[ALIGNMENTS + SIZES + 1];
    fill_at_random(fast, sizeof(fast));
    memcpy(slow, fast, sizeof(slow));
    for (size_t at = 0; at < ALIGNMENTS; at++) {
        for (size_t size = 0; size < SIZES; size++) {
            for (uint64_t offset = 0; offset < 4; offset++) {
                mask(fast + at, size, offset);
                fc_ws_mask_scalar(slow + at, size, key, offset);
                assert_memory_equal(fast, slow, sizeof(fast)); /* nothing beside it either */
            }
        }
    }
}

static void large_equals_the_scalar_twin(mask_function *mask)
{
    static const size_t sizes[] = { 1023, 1024,  1025,  1087,  4095,  4096,
                                    4097, 65535, 65536, 65537, 262144 };
    static uint8_t fast[ALIGNMENTS + 262144 + 1];
    static uint8_t slow[ALIGNMENTS + 262144 + 1];
    fill_at_random(fast, sizeof(fast));
    memcpy(slow, fast, sizeof(slow));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t at = 0; at < ALIGNMENTS; at++) {
            mask(fast + at, sizes[i], i);
            fc_ws_mask_scalar(slow + at, sizes[i], key, i);
            assert_true(memcmp(fast, slow, sizeof(fast)) == 0);
        }
    }
}

static void choice_equals_the_scalar_twin(void **state)
{
    (void)state;
    equals_the_scalar_twin(mask_chosen);
    large_equals_the_scalar_twin(mask_chosen);
}

static void any_processor_equals_the_scalar_twin(void **state)
{
    (void)state;
    equals_the_scalar_twin(mask_any);
    large_equals_the_scalar_twin(mask_any);
}

static void avx2_equals_the_scalar_twin(void **state)
{
    (void)state;
    if (!fc_has_avx2()) {
        skip();
    }
    equals_the_scalar_twin(mask_avx2);
    large_equals_the_scalar_twin(mask_avx2);
}

/* In a block of exactly its size, so that ASan sees a byte too much. */
static void nothing_outside_is_touched(void **state)
{
    (void)state;
    for (size_t size = 0; size < SIZES; size++) {
        uint8_t filled[SIZES];
        fill(filled, size);
        uint8_t *data = exact_copy(filled, size);
        mask_chosen(data, size, UINT64_C(0x100000003));
        mask_any(data, size, UINT64_C(0x100000003));
        assert_memory_equal(data, filled, size); /* masked twice */
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
        cmocka_unit_test(choice_equals_the_scalar_twin),
        cmocka_unit_test(any_processor_equals_the_scalar_twin),
        cmocka_unit_test(avx2_equals_the_scalar_twin),
        cmocka_unit_test(nothing_outside_is_touched),
        cmocka_unit_test(pieces_equal_the_whole),
        cmocka_unit_test(hello_is_unmasked),
    };
    return cmocka_run_group_tests_name("ws/mask", tests, NULL, NULL);
}
