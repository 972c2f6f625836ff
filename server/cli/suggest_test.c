/* SPDX-License-Identifier: MIT */
#include "cli/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void distance_counts_faults(void **state)
{
    static const struct {
        const char *typed, *word;
        unsigned distance;
    } rows[] = {
        { "", "", 0 },
        { "", "fps", 3 },
        { "fps", "", 3 },
        { "width", "width", 0 },
        { "widht", "width", 1 },
        { "widh", "width", 1 },
        { "wwidth", "width", 1 },
        { "wodth", "width", 1 },
        { "qualty", "quality", 1 },
        { "abc", "xyz", 3 },
        { "listne", "listen", 1 },
        { "ca", "abc", 3 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(suggest_distance(rows[i].typed, strlen(rows[i].typed), rows[i].word),
                         rows[i].distance);
    }
}

static void distance_takes_words_of_any_length(void **state)
{
    char word[3 * SUGGEST_WORD_MAX];
    (void)state;
    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    for (size_t len = SUGGEST_WORD_MAX - 1; len <= SUGGEST_WORD_MAX + 1; len++) {
        const unsigned expected = len < SUGGEST_WORD_MAX ? 1 : 0;
        assert_int_equal(suggest_distance(word, len, word), expected);
    }
}

static void limit_grows_with_the_word(void **state)
{
    (void)state;
    assert_int_equal(suggest_limit(0), 1);
    assert_int_equal(suggest_limit(5), 1);
    assert_int_equal(suggest_limit(6), 2);
    assert_int_equal(suggest_limit(9), 3);
    assert_int_equal(suggest_limit(100), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_faults),
        cmocka_unit_test(distance_takes_words_of_any_length),
        cmocka_unit_test(limit_grows_with_the_word),
    };
    return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
