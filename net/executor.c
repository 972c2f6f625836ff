/* SPDX-License-Identifier: MIT */
/*
 * A job's way:
 *
 *     submit ──▶ WAITING ──thread──▶ RUNNING ──▶ FINISHED ──task on its loop──▶ done()
 *                   └────────cancel────────────────▲
 *
 * One lock guards the queue, the states and the counters; it is never held while run() or done()
 * is. A job whose loop has ended goes to the orphans, which fc_executor_free() brings to an end.
 */
#include <framecast/executor.h>

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/list.h"
#include "net/loop.h"

#define QUEUE_MAX 1024
#define THREADS_MAX 256
#define THREADS_BEYOND_PROCESSORS 4
#define LOWER_PRIORITY 10 /* nice */

enum job_state { JOB_NEW, JOB_WAITING, JOB_RUNNING, JOB_FINISHED };

/* Jobs in their order. { 0 } is empty. */
struct job_list {
    struct fc_job *first, *last;
};

struct fc_executor {
    pthread_mutex_t lock;
    pthread_cond_t is_work_there;
    struct job_list waiting;
    struct job_list orphans; /* finished, and their loop has ended */
    struct fc_executor_stats stats;
    uint32_t threads_max, queue_max;
    uint32_t idle; /* threads that wait for a job */
    bool has_loops_priority;
    bool is_ending;
    pthread_t threads[];
};

static void list_push(struct job_list *list, struct fc_job *job)
{
    job->next = NULL;
    job->prev = list->last;
    *(list->last ? &list->last->next : &list->first) = job;
    list->last = job;
}

static void list_take(struct job_list *list, struct fc_job *job)
{
    *(job->prev ? &job->prev->next : &list->first) = job->next;
    *(job->next ? &job->next->prev : &list->last) = job->prev;
    job->next = job->prev = NULL;
}

/* ---- the end of a job ---- */

static void run_done(struct fc_task *task)
{
    struct fc_job *job = container_of(task, struct fc_job, task);
    job->state = JOB_NEW;
    job->done(job); /* which may free it */
}

/* Without the lock: to its loop, or to the orphans. The job may be gone once it was posted. */
static void finish(struct fc_job *job)
{
    struct fc_executor *executor = job->executor;
    struct fc_loop *loop = job->loop;
    if (!fc_loop_post(loop, &job->task)) {
        pthread_mutex_lock(&executor->lock);
        list_push(&executor->orphans, job);
        pthread_mutex_unlock(&executor->lock);
    }
    loop_unref(loop);
}

/* ---- the threads ---- */

static void run_job(struct fc_executor *executor, struct fc_job *job)
{
    list_take(&executor->waiting, job);
    job->state = JOB_RUNNING;
    executor->stats.waiting--;
    executor->stats.running++;
    pthread_mutex_unlock(&executor->lock);
    job->run(job);
    pthread_mutex_lock(&executor->lock);
    job->state = JOB_FINISHED;
    job->is_cancelled = job->is_asked_to_stop;
    executor->stats.running--;
    executor->stats.done += !job->is_cancelled;
    executor->stats.cancelled += job->is_cancelled;
    pthread_mutex_unlock(&executor->lock);
    finish(job);
    pthread_mutex_lock(&executor->lock);
}

static void *thread_main(void *arg)
{
    struct fc_executor *executor = arg;
    if (!executor->has_loops_priority) {
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWER_PRIORITY);
    }
    pthread_mutex_lock(&executor->lock);
    while (!executor->is_ending) {
        if (executor->waiting.first) {
            run_job(executor, executor->waiting.first);
            continue;
        }
        executor->idle++;
        pthread_cond_wait(&executor->is_work_there, &executor->lock);
        executor->idle--;
    }
    pthread_mutex_unlock(&executor->lock);
    return NULL;
}

/* One more thread, with all signals left to the others. Holds the lock. Errors: -errno. */
static int start_thread(struct fc_executor *executor)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t *thread = &executor->threads[executor->stats.threads];
    const int err = -pthread_create(thread, NULL, thread_main, executor);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!err) {
        (void)pthread_setname_np(*thread, "fc-executor");
        executor->stats.threads++;
    }
    return err;
}

/* ---- the application's side ---- */

static uint32_t default_threads(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return (uint32_t)(processors > 0 ? processors : 1) + THREADS_BEYOND_PROCESSORS;
}

int fc_executor_new(struct fc_executor **out, const struct fc_executor_options *options)
{
    static const struct fc_executor_options defaults;
    options = options ? options : &defaults;
    uint32_t threads = options->threads ? options->threads : default_threads();
    threads = threads < THREADS_MAX ? threads : THREADS_MAX;
    struct fc_executor *executor = calloc(1, sizeof(*executor) + threads * sizeof(pthread_t));
    if (!executor) {
        return -ENOMEM;
    }
    pthread_mutex_init(&executor->lock, NULL);
    pthread_cond_init(&executor->is_work_there, NULL);
    executor->threads_max = threads;
    executor->queue_max = options->queue_max ? options->queue_max : QUEUE_MAX;
    executor->has_loops_priority = options->has_loops_priority;
    *out = executor;
    return 0;
}

/* Make sure that somebody will take the next job. Holds the lock. Errors: -ENOMEM: nobody will. */
static int provide_thread(struct fc_executor *executor)
{
    const bool is_one_free = executor->idle > executor->stats.waiting;
    if (is_one_free || executor->stats.threads == executor->threads_max) {
        return 0;
    }
    const int err = start_thread(executor);
    return err && executor->stats.threads == 0 ? -ENOMEM : 0; /* else those there are will do */
}

int fc_executor_submit(struct fc_executor *executor, struct fc_loop *loop, struct fc_job *job)
{
    assert(job->run && job->done && job->state == JOB_NEW);
    pthread_mutex_lock(&executor->lock);
    int err = executor->stats.waiting < executor->queue_max ? 0 : -EAGAIN;
    err = err ? err : provide_thread(executor);
    if (err) {
        executor->stats.refused++;
    } else {
        job->task = (struct fc_task){ .run = run_done };
        job->executor = executor;
        job->loop = loop;
        loop_ref(loop); /* until the job is finished */
        job->is_cancelled = job->is_asked_to_stop = false;
        job->state = JOB_WAITING;
        list_push(&executor->waiting, job);
        executor->stats.waiting++;
        pthread_cond_signal(&executor->is_work_there);
    }
    pthread_mutex_unlock(&executor->lock);
    return err;
}

/* Take one that waits out of the queue. Holds the lock. */
static void drop(struct fc_executor *executor, struct fc_job *job)
{
    list_take(&executor->waiting, job);
    job->state = JOB_FINISHED;
    job->is_cancelled = true;
    executor->stats.waiting--;
    executor->stats.cancelled++;
}

void fc_job_cancel(struct fc_job *job)
{
    struct fc_executor *executor = job->executor;
    if (!executor) {
        return;
    }
    pthread_mutex_lock(&executor->lock);
    const bool is_waiting = job->state == JOB_WAITING;
    __atomic_store_n(&job->is_asked_to_stop, true, __ATOMIC_RELAXED);
    if (is_waiting) {
        drop(executor, job);
    }
    pthread_mutex_unlock(&executor->lock);
    if (is_waiting) {
        finish(job);
    }
}

bool fc_job_is_cancelled(const struct fc_job *job)
{
    /* no lock: run() may ask often. The header is for C++ too, which has no _Atomic. */
    return __atomic_load_n(&job->is_asked_to_stop, __ATOMIC_RELAXED);
}

void fc_executor_stats(struct fc_executor *executor, struct fc_executor_stats *out)
{
    pthread_mutex_lock(&executor->lock);
    *out = executor->stats;
    pthread_mutex_unlock(&executor->lock);
}

/* Cancel what waits, and have the threads end. */
static void end(struct fc_executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    executor->is_ending = true;
    pthread_cond_broadcast(&executor->is_work_there);
    while (executor->waiting.first) {
        struct fc_job *job = executor->waiting.first;
        drop(executor, job);
        pthread_mutex_unlock(&executor->lock);
        finish(job);
        pthread_mutex_lock(&executor->lock);
    }
    const uint32_t threads = executor->stats.threads;
    pthread_mutex_unlock(&executor->lock);
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(executor->threads[i], NULL);
    }
}

void fc_executor_free(struct fc_executor **executor)
{
    struct fc_executor *e = *executor;
    *executor = NULL;
    if (!e) {
        return;
    }
    end(e);
    while (e->orphans.first) {
        struct fc_job *job = e->orphans.first;
        list_take(&e->orphans, job);
        run_done(&job->task);
    }
    pthread_cond_destroy(&e->is_work_there);
    pthread_mutex_destroy(&e->lock);
    free(e);
}
