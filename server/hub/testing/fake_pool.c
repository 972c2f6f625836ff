/* SPDX-License-Identifier: MIT */
#include "hub/testing/fake_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define JOBS_MAX 64

struct pool {
    pthread_mutex_t lock; /* predictors submit from threads of their own */
    struct job *jobs[JOBS_MAX];
    unsigned count;
};

static struct pool the_pool = { .lock = PTHREAD_MUTEX_INITIALIZER };
struct pool *const fake_pool = &the_pool;

void pool_submit(struct pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++) {
        assert(pool->jobs[i] != job);
    }
    assert(pool->count < JOBS_MAX);
    pool->jobs[pool->count++] = job;
    pthread_mutex_unlock(&pool->lock);
}

unsigned fake_pool_waiting(void)
{
    pthread_mutex_lock(&the_pool.lock);
    const unsigned count = the_pool.count;
    pthread_mutex_unlock(&the_pool.lock);
    return count;
}

static struct job *take(void)
{
    struct job *job = NULL;
    pthread_mutex_lock(&the_pool.lock);
    if (the_pool.count > 0) {
        job = the_pool.jobs[0];
        the_pool.count--;
        memmove(the_pool.jobs, the_pool.jobs + 1, the_pool.count * sizeof(the_pool.jobs[0]));
    }
    pthread_mutex_unlock(&the_pool.lock);
    return job;
}

void fake_pool_run_one(void)
{
    struct job *job = take();
    assert(job);
    job->run(job);
}

void fake_pool_run_all(void)
{
    for (struct job *job = NULL; (job = take());) {
        job->run(job);
    }
}
