/* SPDX-License-Identifier: MIT */
#include "hub/testing/fake_pool.h"

#include <assert.h>
#include <stddef.h>

#define JOBS_MAX 64

struct pool {
    struct job *jobs[JOBS_MAX];
    unsigned count;
};

static struct pool the_pool;
struct pool *const fake_pool = &the_pool;

void pool_submit(struct pool *pool, struct job *job)
{
    for (unsigned i = 0; i < pool->count; i++) {
        assert(pool->jobs[i] != job);
    }
    assert(pool->count < JOBS_MAX);
    pool->jobs[pool->count++] = job;
}

unsigned fake_pool_waiting(void)
{
    return the_pool.count;
}

void fake_pool_run_one(void)
{
    assert(the_pool.count > 0);
    struct job *job = the_pool.jobs[0];
    the_pool.count--;
    for (unsigned i = 0; i < the_pool.count; i++) {
        the_pool.jobs[i] = the_pool.jobs[i + 1];
    }
    job->run(job);
}

void fake_pool_run_all(void)
{
    while (the_pool.count > 0) {
        fake_pool_run_one();
    }
}
