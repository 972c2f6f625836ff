/* SPDX-License-Identifier: MIT */
#include "net/broken_pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static bool is_blocked(void)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, SIGPIPE);
}

/* It would end this program. */
static void one_that_was_raised_is_forgotten(void **state)
{
    sigset_t before;
    (void)state;
    broken_pipe_block(&before);
    assert_true(is_blocked());
    raise(SIGPIPE);
    broken_pipe_restore(&before);
    assert_false(is_blocked());
}

static void who_had_it_blocked_keeps_it(void **state)
{
    sigset_t before, inner, pending;
    (void)state;
    broken_pipe_block(&before);
    raise(SIGPIPE);
    broken_pipe_block(&inner);
    broken_pipe_restore(&inner);
    assert_true(is_blocked());
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGPIPE)); /* it may be waited for */
    broken_pipe_restore(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_was_raised_is_forgotten),
        cmocka_unit_test(who_had_it_blocked_keeps_it),
    };
    return cmocka_run_group_tests_name("net/broken_pipe", tests, NULL, NULL);
}
