/* SPDX-License-Identifier: MIT */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define JOBS 200

struct counted {
    struct job job; /* first: a job is its counted */
    struct pool *pool;
    _Atomic unsigned *order;
    unsigned turn; /* when it ran; 0: never */
    unsigned again;
};

static void counted_run(struct job *job)
{
    struct counted *counted = (struct counted *)(void *)job;
    counted->turn = atomic_fetch_add(counted->order, 1) + 1;
    if (counted->again > 0) {
        counted->again--;
        pool_submit(counted->pool, job);
    }
}

static void pool_runs_every_job_before_it_ends(void **state)
{
    (void)state;
    static struct counted jobs[JOBS];
    _Atomic unsigned order = 0;
    struct pool *pool = NULL;
    assert_int_equal(pool_new(&pool, "test", 4), 0);
    assert_int_equal(pool_thread_count(pool), 4);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (struct counted){ .job.run = counted_run, .order = &order };
        pool_submit(pool, &jobs[i].job);
    }
    pool_free(&pool);
    assert_null(pool);
    assert_int_equal(order, JOBS);
    for (unsigned i = 0; i < JOBS; i++) {
        assert_true(jobs[i].turn > 0);
    }
}

static void pool_of_one_keeps_the_order(void **state)
{
    (void)state;
    static struct counted jobs[JOBS];
    _Atomic unsigned order = 0;
    struct pool *pool = NULL;
    assert_int_equal(pool_new(&pool, "test", 1), 0);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (struct counted){ .job.run = counted_run, .order = &order };
        pool_submit(pool, &jobs[i].job);
    }
    pool_free(&pool);
    for (unsigned i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].turn, i + 1);
    }
}

static void pool_job_may_submit_itself_again(void **state)
{
    (void)state;
    _Atomic unsigned order = 0;
    struct pool *pool = NULL;
    assert_int_equal(pool_new(&pool, "elevenchars", 0), 0);
    assert_true(pool_thread_count(pool) > 0);
    struct counted job = { .job.run = counted_run, .pool = pool, .order = &order, .again = 50 };
    pool_submit(pool, &job.job);
    pool_free(&pool);
    assert_int_equal(order, 51);
}

static void pool_free_ignores_null(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_runs_every_job_before_it_ends),
        cmocka_unit_test(pool_of_one_keeps_the_order),
        cmocka_unit_test(pool_job_may_submit_itself_again),
        cmocka_unit_test(pool_free_ignores_null),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
