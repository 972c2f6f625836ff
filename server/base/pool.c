/* SPDX-License-Identifier: MIT */
/*
 * One queue under one lock. The threads end when is_closing is set and the queue is empty, so
 * every job that was submitted has run by the time pool_free() returns.
 */
#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_THREADS_MAX 256
#define POOL_NAME_MAX 11
#define THREAD_NAME_SIZE 16

struct pool {
    pthread_mutex_t lock; /* guards the queue and is_closing */
    pthread_cond_t changed;
    struct job *first;
    struct job **end; /* where the next job is hung */
    bool is_closing;
    char name[POOL_NAME_MAX + 1];
    unsigned thread_count;
    pthread_t threads[]; /* thread_count are running */
};

static struct job *queue_take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !pool->is_closing) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    struct job *job = pool->first;
    if (job) {
        pool->first = job->next;
        if (!pool->first) {
            pool->end = &pool->first;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *pool_main(void *arg)
{
    struct pool *pool = arg;
    for (struct job *job = queue_take(pool); job; job = queue_take(pool)) {
        job->run(job);
    }
    return NULL;
}

static unsigned processor_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1;
    }
    const int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}

/* Signals stay with the threads that wait for them. */
static int pool_start(struct pool *pool, unsigned wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = 0;
    while (pool->thread_count < wanted) {
        pthread_t *thread = &pool->threads[pool->thread_count];
        err = pthread_create(thread, NULL, pool_main, pool);
        if (err) {
            break;
        }
        char name[THREAD_NAME_SIZE];
        snprintf(name, sizeof(name), "%s/%u", pool->name, pool->thread_count % 100);
        pthread_setname_np(*thread, name);
        pool->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

int pool_new(struct pool **out, const char *name, unsigned threads)
{
    assert(strlen(name) <= POOL_NAME_MAX);
    unsigned wanted = threads ? threads : processor_count();
    if (wanted > POOL_THREADS_MAX) {
        wanted = POOL_THREADS_MAX;
    }
    struct pool *pool = calloc(1, sizeof(*pool) + wanted * sizeof(pool->threads[0]));
    if (!pool) {
        return -ENOMEM;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->end = &pool->first;
    snprintf(pool->name, sizeof(pool->name), "%s", name);

    const int err = pool_start(pool, wanted);
    if (err) {
        pool_free(&pool);
        return err;
    }
    *out = pool;
    return 0;
}

void pool_free(struct pool **ppool)
{
    struct pool *pool = *ppool;
    *ppool = NULL;
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    assert(!pool->first);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void pool_submit(struct pool *pool, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->end = job;
    pool->end = &job->next;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

unsigned pool_thread_count(const struct pool *pool)
{
    return pool->thread_count;
}
