/* SPDX-License-Identifier: MIT */
#include "engine/ws/sha1.h"

#include "engine/testing/test.h"

static void expect(struct fc_bytes message, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *exact = exact_copy(message.data, message.size);
    uint8_t digest[FC_SHA1_BYTES];
    fc_sha1((struct fc_bytes){ exact, message.size }, digest);
    free(exact);
    char text[2 * FC_SHA1_BYTES + 1] = "";
    for (int i = 0; i < FC_SHA1_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    assert_string_equal(text, hex);
}

/* RFC 3174 section 7.3, and the lengths around a block. */
static void digests_are_as_published(void **state)
{
    (void)state;
    static uint8_t many[1000000];
    memset(many, 'a', sizeof(many));
    expect((struct fc_bytes){ 0 }, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect(BYTES("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect(BYTES("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
           "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    expect((struct fc_bytes){ many, sizeof(many) }, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    expect((struct fc_bytes){ many, 55 }, "c1c8bbdc22796e28c0e15163d20899b65621d65a");
    expect((struct fc_bytes){ many, 56 }, "c2db330f6083854c99d4b5bfb6e8f29f201be699");
    expect((struct fc_bytes){ many, 63 }, "03f09f5b158a7a8cdad920bddc29b81c18a551f5");
    expect((struct fc_bytes){ many, 64 }, "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(digests_are_as_published) };
    return cmocka_run_group_tests_name("ws/sha1", tests, NULL, NULL);
}
