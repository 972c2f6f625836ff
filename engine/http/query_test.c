/* SPDX-License-Identifier: MIT */
#include <framecast/http.h>

#include "engine/testing/http.h"

static void parameters_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *name;
        const char *value; /* NULL: false */
    } rows[] = {
        { "a=1&b=2", "a", "1" },
        { "a=1&b=2", "b", "2" },
        { "a=1&b=2", "c", NULL },
        { "a=1&a=2", "a", "1" },
        { "", "a", NULL },
        { "a", "a", "" },
        { "a=", "a", "" },
        { "&&a=b=c&", "a", "b=c" },
        { "ab=1", "a", NULL },
        { "a=1", "ab", NULL },
        { "%61=%41%2b%2F", "a", "A+/" },
        { "a=b+c", "a", "b c" },
        { "a=%C3%A9", "a", "\xc3\xa9" },
        { "a=%", "a", NULL },
        { "a=%4", "a", NULL },
        { "a=%g1", "a", NULL },
        { "a=%1g", "a", NULL },
        { "a=%00", "a", NULL },
        { "%zz=1&a=2", "a", "2" },
        { "a=1234567", "a", "1234567" },
        { "a=12345678", "a", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[8] = "before";
        uint8_t *exact = exact_copy(rows[i].query, strlen(rows[i].query));
        const struct fc_bytes query = { exact, strlen(rows[i].query) };
        assert_int_equal(fc_http_query_get(query, rows[i].name, out, sizeof(out)),
                         rows[i].value != NULL);
        assert_string_equal(out, rows[i].value ? rows[i].value : "before");
        free(exact);
    }
}

static void paths_are_decoded(void **state)
{
    (void)state;
    char out[8] = "before";
    assert_true(fc_http_path_decode(BYTES("/a+b%20c"), out, sizeof(out)));
    assert_string_equal(out, "/a+b c");
    assert_false(fc_http_path_decode(BYTES("/a%0"), out, sizeof(out)));
    assert_false(fc_http_path_decode(BYTES("/1234567"), out, sizeof(out)));
    assert_false(fc_http_path_decode(BYTES(""), out, 0));
    assert_string_equal(out, "/a+b c");
    assert_true(fc_http_path_decode(BYTES("/123456"), out, sizeof(out)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(paths_are_decoded),
    };
    return cmocka_run_group_tests_name("http/query", tests, NULL, NULL);
}
