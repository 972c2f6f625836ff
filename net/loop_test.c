/* SPDX-License-Identifier: MIT */
/* Loops without a server: timers, tasks, lag, the end. */
#include <framecast/loop.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/host.h"

#define MS INT64_C(1000000)

static char trace[64];
static int count;

static struct fc_loop *make(struct fc_loop_options options)
{
    struct fc_loop *loop = NULL;
    struct fc_error error;
    trace[0] = '\0';
    count = 0;
    if (fc_loop_new(&loop, &options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return loop;
}

static void note(struct fc_timer *timer, void *ctx)
{
    (void)timer;
    strcat(trace, ctx);
}

static void note_and_stop(struct fc_timer *timer, void *ctx)
{
    note(timer, "!");
    fc_loop_stop(ctx);
}

static void timers_run_in_their_order(void **state)
{
    (void)state;
    struct fc_loop *loop = make((struct fc_loop_options){ 0 });
    struct fc_timer *a = fc_timer_new(loop, note, "a");
    struct fc_timer *b = fc_timer_new(loop, note, "b");
    struct fc_timer *never = fc_timer_new(loop, note, "never");
    struct fc_timer *stopped = fc_timer_new(loop, note, "stopped");
    struct fc_timer *end = fc_timer_new(loop, note_and_stop, loop);
    fc_timer_start(b, 20 * MS, 0);
    fc_timer_start(a, 10 * MS, 0);
    fc_timer_start(stopped, 5 * MS, 0);
    fc_timer_stop(stopped);
    fc_timer_start(end, 1 * MS, 0);
    fc_timer_start(end, 30 * MS, 0); /* anew */
    fc_loop_run(loop);
    assert_string_equal(trace, "ab!");
    fc_timer_free(&a);
    fc_timer_free(&b);
    fc_timer_free(&never);
    fc_timer_free(&stopped);
    fc_timer_free(&end);
    fc_loop_free(&loop);
}

static struct fc_timer *itself;

static void count_to_three(struct fc_timer *timer, void *ctx)
{
    assert_ptr_equal(timer, itself);
    if (++count == 3) {
        fc_timer_free(&itself); /* from within */
        fc_loop_stop(ctx);
    }
}

static void a_timer_repeats_and_may_free_itself(void **state)
{
    (void)state;
    struct fc_loop *loop = make((struct fc_loop_options){ 0 });
    itself = fc_timer_new(loop, count_to_three, loop);
    fc_timer_start(itself, 0, 1 * MS);
    fc_loop_run(loop);
    assert_int_equal(count, 3);
    fc_loop_free(&loop);
}

static void what_is_left_is_freed_after_the_loop(void **state)
{
    (void)state;
    struct fc_loop *loop = make((struct fc_loop_options){ 0 });
    struct fc_timer *left = fc_timer_new(loop, note, "left");
    fc_timer_start(left, 1000000 * MS, 0);
    fc_loop_free(&loop); /* it never ran */
    fc_timer_start(left, 0, 0);
    fc_timer_stop(left);
    fc_timer_free(&left);
    fc_timer_free(&left);
    assert_string_equal(trace, "");
}

/* ---- tasks ---- */

#define POSTS 2000

struct poster {
    pthread_t thread;
    struct fc_loop *loop;
    struct fc_task tasks[POSTS];
};

static _Atomic int ran;
static struct fc_loop *running;

static void count_task(struct fc_task *task)
{
    (void)task;
    if (++ran == 3 * POSTS) {
        fc_loop_stop(running);
    }
}

static void *post_all(void *arg)
{
    struct poster *poster = arg;
    for (int i = 0; i < POSTS; i++) {
        poster->tasks[i].run = count_task;
        assert_true(fc_loop_post(poster->loop, &poster->tasks[i]));
    }
    return NULL;
}

static void any_thread_may_post(void **state)
{
    (void)state;
    static struct poster posters[3];
    running = make((struct fc_loop_options){ 0 });
    ran = 0;
    for (int i = 0; i < 3; i++) {
        posters[i].loop = running;
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    fc_loop_run(running);
    for (int i = 0; i < 3; i++) {
        pthread_join(posters[i].thread, NULL);
    }
    assert_int_equal(ran, 3 * POSTS);
    struct fc_task late = { .run = count_task };
    assert_false(fc_loop_post(running, &late));
    assert_null(fc_timer_new(running, note, "late"));
    fc_loop_free(&running);
}

/* ---- lag ---- */

static const char *slow_name;

static void on_slow(struct fc_loop *loop, const char *what, int64_t duration_ns)
{
    (void)loop;
    assert_true(duration_ns >= 100 * MS);
    slow_name = what;
}

static void hold(struct fc_timer *timer, void *ctx)
{
    struct timespec from;
    struct timespec now;
    (void)timer;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < 130);
    fc_loop_stop(ctx);
}

static void who_holds_a_loop_is_named(void **state)
{
    (void)state;
    struct fc_loop *loop = make((struct fc_loop_options){ .slow = on_slow, .user = &count });
    struct fc_timer *timer = fc_timer_new(loop, hold, loop);
    struct fc_loop_lag lag;
    fc_timer_start(timer, 0, 0);
    fc_loop_run(loop);
    assert_string_equal(slow_name, "timer");
    fc_loop_lag(loop, &lag);
    assert_true(lag.worst_ns >= 100 * MS);
    assert_int_equal(lag.slow, 1);
    fc_loop_lag(loop, &lag);
    assert_int_equal(lag.worst_ns, 0); /* a new worst has begun */
    assert_ptr_equal(fc_loop_user(loop), &count);
    fc_timer_free(&timer);
    fc_loop_free(&loop);
}

static int next_descriptor(void)
{
    const int fd = dup(STDERR_FILENO);
    assert_true(fd > STDERR_FILENO);
    close(fd);
    return fd;
}

static void without_descriptors_there_is_no_loop(void **state)
{
    (void)state;
    struct rlimit before;
    struct fc_loop *loop = NULL;
    struct fc_error error;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = next_descriptor();
    int refused = 0;
    for (;; refused++) { /* one more each time, until there are enough */
        const struct rlimit low = { (rlim_t)(next + refused), before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        const int err = fc_loop_new(&loop, NULL, &error);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (err == 0) {
            break;
        }
        assert_int_equal(err, -EMFILE);
        assert_non_null(strstr(error.text, strerror(EMFILE)));
        assert_int_equal(next_descriptor(), next); /* none is lost */
    }
    assert_in_range(refused, 2, 20);
    fc_loop_free(&loop);
    assert_int_equal(next_descriptor(), next);
}

static void signalled(struct fc_loop *loop)
{
    count++;
    strcat(trace, "s");
    if (count == 2) {
        fc_loop_stop(loop);
    }
}

static void raise_term(struct fc_timer *timer, void *ctx)
{
    (void)timer, (void)ctx;
    strcat(trace, "t");
    raise(SIGTERM);
}

static void a_signal_is_told_instead_of_ending_the_loop(void **state)
{
    (void)state;
    struct fc_loop *loop =
        make((struct fc_loop_options){ .handles_signals = true, .signalled = signalled });
    struct fc_timer *timer = fc_timer_new(loop, raise_term, NULL);
    fc_timer_start(timer, MS, 20 * MS);
    fc_loop_run(loop);
    assert_string_equal(trace, "tsts");
    fc_timer_free(&timer);
    fc_loop_free(&loop);
}

static void a_signal_ends_a_loop_that_handles_them(void **state)
{
    (void)state;
    struct fc_loop *loop = make((struct fc_loop_options){ .handles_signals = true });
    struct fc_timer *timer = fc_timer_new(loop, raise_term, NULL);
    fc_timer_start(timer, MS, 0);
    fc_loop_run(loop);
    assert_string_equal(trace, "t");
    fc_timer_free(&timer);
    fc_loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_descriptors_there_is_no_loop), /* the first: libuv's first loop */
        cmocka_unit_test(timers_run_in_their_order),
        cmocka_unit_test(a_timer_repeats_and_may_free_itself),
        cmocka_unit_test(what_is_left_is_freed_after_the_loop),
        cmocka_unit_test(any_thread_may_post),
        cmocka_unit_test(a_signal_is_told_instead_of_ending_the_loop),
        cmocka_unit_test(a_signal_ends_a_loop_that_handles_them),
        cmocka_unit_test(who_holds_a_loop_is_named),
    };
    return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
