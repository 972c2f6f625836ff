/* SPDX-License-Identifier: MIT */
#include "engine/ws/base64.h"

#include "engine/testing/test.h"

/* RFC 4648 section 10 */
static void texts_are_as_published(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const size_t size = strlen(rows[i][0]);
        char out[16];
        fc_base64_encode((struct fc_bytes){ (const uint8_t *)rows[i][0], size }, out);
        assert_string_equal(out, rows[i][1]);
        const struct fc_bytes text = { (const uint8_t *)out, strlen(out) };
        for (size_t other = 0; other < 9; other++) {
            assert_int_equal(fc_base64_has_size(text, other), other == size);
        }
    }
}

static void other_characters_are_refused(void **state)
{
    (void)state;
    assert_false(fc_base64_has_size(BYTES("Zg=A"), 1));
    assert_false(fc_base64_has_size(BYTES("Z=g="), 2));
    assert_false(fc_base64_has_size(BYTES("Zm9\0"), 3));
    assert_false(fc_base64_has_size(BYTES("Zm9-"), 3));
    assert_true(fc_base64_has_size(BYTES("Zm+/"), 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_as_published),
        cmocka_unit_test(other_characters_are_refused),
    };
    return cmocka_run_group_tests_name("ws/base64", tests, NULL, NULL);
}
