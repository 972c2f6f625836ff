/* SPDX-License-Identifier: MIT */
#include "engine/ws/mask_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The paper's key 00 01 .. 0f; its reference vector of the message 00 01 .. 07. */
static void the_reference_vector_comes_out(void **state)
{
    (void)state;
    const uint64_t secret[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
    assert_true(fc_siphash(secret, UINT64_C(0x0706050403020100)) == UINT64_C(0x93f5f5799a932462));
}

static void keys_follow_from_secret_and_count_alone(void **state)
{
    (void)state;
    uint8_t secret[FC_WS_SECRET_BYTES] = { 1, 2, 3 };
    struct fc_mask_keys one;
    struct fc_mask_keys other;
    uint8_t a[4];
    uint8_t b[4];
    fc_mask_keys_init(&one, secret);
    fc_mask_keys_init(&other, secret);
    for (int i = 0; i < 100; i++) {
        fc_mask_keys_next(&one, a);
        fc_mask_keys_next(&other, b);
        assert_memory_equal(a, b, 4);
    }
    secret[15] ^= 1;
    fc_mask_keys_init(&other, secret);
    fc_mask_keys_next(&one, a);
    fc_mask_keys_next(&other, b);
    assert_memory_not_equal(a, b, 4);
}

/* Of 4096 keys each bit is set about half the time, and no two neighbours are equal. */
static void keys_look_random(void **state)
{
    (void)state;
    const uint8_t secret[FC_WS_SECRET_BYTES] = { 9 };
    struct fc_mask_keys keys;
    int set[32] = { 0 };
    uint8_t before[4] = { 0 };
    fc_mask_keys_init(&keys, secret);
    for (int i = 0; i < 4096; i++) {
        uint8_t key[4];
        fc_mask_keys_next(&keys, key);
        assert_memory_not_equal(key, before, 4);
        memcpy(before, key, 4);
        for (int bit = 0; bit < 32; bit++) {
            set[bit] += key[bit / 8] >> (bit % 8) & 1;
        }
    }
    for (int bit = 0; bit < 32; bit++) {
        assert_in_range(set[bit], 1848, 2248); /* six standard deviations */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_vector_comes_out),
        cmocka_unit_test(keys_follow_from_secret_and_count_alone),
        cmocka_unit_test(keys_look_random),
    };
    return cmocka_run_group_tests_name("ws/mask_key", tests, NULL, NULL);
}
