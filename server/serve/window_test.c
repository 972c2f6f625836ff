/* SPDX-License-Identifier: MIT */
#include "serve/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void full_at_its_size_and_open_after_an_acknowledgement(void **state)
{
    (void)state;
    struct window window = { 0 };
    window_resize(&window, 2);
    assert_false(window_is_full(&window));
    window_sent(&window, 10);
    assert_false(window_is_full(&window));
    window_sent(&window, 12);
    assert_true(window_is_full(&window));
    window_acknowledged(&window, 9);
    assert_true(window_is_full(&window));
    window_acknowledged(&window, 11); /* covers all before it */
    assert_false(window_is_full(&window));
    window_sent(&window, 13);
    assert_true(window_is_full(&window));
    window_acknowledged(&window, UINT64_MAX);
    assert_int_equal(window.count, 0);
}

static void without_a_window_it_is_never_full(void **state)
{
    (void)state;
    struct window window = { 0 };
    for (uint64_t seq = 1; seq < 1000; seq++) {
        window_sent(&window, seq);
        assert_false(window_is_full(&window));
    }
    window_resize(&window, 1); /* what went before was not to be acknowledged */
    assert_false(window_is_full(&window));
    window_sent(&window, 1000);
    assert_true(window_is_full(&window));
}

static void a_smaller_size_counts_what_is_in_flight(void **state)
{
    (void)state;
    struct window window = { 0 };
    window_resize(&window, 3);
    window_sent(&window, 1);
    window_sent(&window, 2);
    window_resize(&window, 1);
    assert_true(window_is_full(&window));
    window_acknowledged(&window, 1);
    assert_true(window_is_full(&window));
    window_acknowledged(&window, 2);
    assert_false(window_is_full(&window));
}

static void no_size_is_beyond_the_most(void **state)
{
    (void)state;
    struct window window = { 0 };
    window_resize(&window, WINDOW_MAX + 1);
    for (uint64_t seq = 1; seq <= WINDOW_MAX; seq++) {
        assert_false(window_is_full(&window));
        window_sent(&window, seq);
    }
    assert_true(window_is_full(&window));
    window_reset(&window);
    assert_false(window_is_full(&window));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_at_its_size_and_open_after_an_acknowledgement),
        cmocka_unit_test(without_a_window_it_is_never_full),
        cmocka_unit_test(a_smaller_size_counts_what_is_in_flight),
        cmocka_unit_test(no_size_is_beyond_the_most),
    };
    return cmocka_run_group_tests_name("serve/window", tests, NULL, NULL);
}
