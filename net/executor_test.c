/* SPDX-License-Identifier: MIT */
#include <framecast/executor.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/host.h"

#define JOBS 64

/* A loop on a thread, and an executor of so many threads. */
struct stage {
    struct fc_loop *loop;
    struct fc_executor *executor;
    pthread_t thread;
};

static struct stage stage;
static sem_t gate;       /* a job that was told to wait, waits here */
static sem_t is_running; /* posted by each that begins */
static sem_t is_done;    /* posted by each done() */

struct work {
    struct fc_job job;
    bool waits;
    bool ran, was_asked, was_done, was_cancelled;
    pthread_t ran_on, done_on;
    int order;
};

static _Atomic int order;

static void run(struct fc_job *job)
{
    struct work *work = (struct work *)job;
    work->ran = true;
    work->ran_on = pthread_self();
    work->order = order++;
    sem_post(&is_running);
    if (work->waits) {
        host_wait(&gate);
    }
    work->was_asked = fc_job_is_cancelled(job);
}

static void done(struct fc_job *job)
{
    struct work *work = (struct work *)job;
    assert_false(work->was_done);
    work->was_done = true;
    work->was_cancelled = job->is_cancelled;
    work->done_on = pthread_self();
    sem_post(&is_done);
}

static void *thread_main(void *arg)
{
    fc_loop_run(arg);
    return NULL;
}

static void open_stage(uint32_t threads, uint32_t queue_max)
{
    sem_init(&gate, 0, 0);
    sem_init(&is_running, 0, 0);
    sem_init(&is_done, 0, 0);
    order = 0;
    const struct fc_executor_options options = { .threads = threads, .queue_max = queue_max };
    assert_int_equal(fc_loop_new(&stage.loop, &(struct fc_loop_options){ 0 }, NULL), 0);
    assert_int_equal(fc_executor_new(&stage.executor, &options), 0);
    assert_int_equal(pthread_create(&stage.thread, NULL, thread_main, stage.loop), 0);
}

static void end_loop(void)
{
    fc_loop_stop(stage.loop);
    pthread_join(stage.thread, NULL);
}

static void close_stage(void)
{
    end_loop();
    fc_executor_free(&stage.executor);
    fc_loop_free(&stage.loop);
}

static void begin(struct work *work, bool waits)
{
    *work = (struct work){ .job = { .run = run, .done = done }, .waits = waits };
}

static int submit(struct work *work, bool waits)
{
    begin(work, waits);
    return fc_executor_submit(stage.executor, stage.loop, &work->job);
}

static void jobs_run_elsewhere_and_end_on_the_loop(void **state)
{
    (void)state;
    static struct work works[JOBS];
    open_stage(3, 0);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(submit(&works[i], false), 0);
    }
    for (int i = 0; i < JOBS; i++) {
        host_wait(&is_done);
    }
    for (int i = 0; i < JOBS; i++) {
        assert_true(works[i].ran && works[i].was_done && !works[i].was_cancelled);
        assert_true(pthread_equal(works[i].done_on, stage.thread));
        assert_false(pthread_equal(works[i].ran_on, stage.thread));
    }
    struct fc_executor_stats stats;
    fc_executor_stats(stage.executor, &stats);
    assert_int_equal(stats.done, JOBS);
    assert_in_range(stats.threads, 1, 3);
    close_stage();
}

static void one_thread_keeps_the_order(void **state)
{
    (void)state;
    static struct work works[JOBS];
    open_stage(1, 0);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(submit(&works[i], false), 0);
    }
    for (int i = 0; i < JOBS; i++) {
        host_wait(&is_done);
    }
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(works[i].order, i);
    }
    close_stage();
}

static void the_queue_has_a_bound(void **state)
{
    (void)state;
    static struct work busy, waiting[3];
    open_stage(1, 2);
    assert_int_equal(submit(&busy, true), 0);
    host_wait(&is_running);
    assert_int_equal(submit(&waiting[0], false), 0);
    assert_int_equal(submit(&waiting[1], false), 0);
    assert_int_equal(submit(&waiting[2], false), -EAGAIN);
    struct fc_executor_stats stats;
    fc_executor_stats(stage.executor, &stats);
    assert_int_equal(stats.waiting, 2);
    assert_int_equal(stats.running, 1);
    assert_int_equal(stats.refused, 1);
    sem_post(&gate);
    for (int i = 0; i < 3; i++) {
        host_wait(&is_done);
    }
    assert_false(waiting[2].ran || waiting[2].was_done);
    close_stage();
}

/* Cancelling is the loop's. */
struct cancellation {
    struct fc_task task;
    struct fc_job *job;
    sem_t is_over;
};

static void run_cancellation(struct fc_task *task)
{
    struct cancellation *cancellation = (struct cancellation *)task;
    fc_job_cancel(cancellation->job);
    sem_post(&cancellation->is_over);
}

static void cancel(struct work *work)
{
    struct cancellation cancellation = { .task.run = run_cancellation, .job = &work->job };
    sem_init(&cancellation.is_over, 0, 0);
    assert_true(fc_loop_post(stage.loop, &cancellation.task));
    host_wait(&cancellation.is_over);
    sem_destroy(&cancellation.is_over);
}

static void a_job_can_be_given_up(void **state)
{
    (void)state;
    static struct work running, waiting, ended;
    open_stage(1, 0);
    assert_int_equal(submit(&ended, false), 0);
    host_wait(&is_running);
    host_wait(&is_done);
    cancel(&ended); /* too late: nothing happens */
    assert_int_equal(submit(&running, true), 0);
    host_wait(&is_running);
    assert_int_equal(submit(&waiting, false), 0);
    cancel(&waiting);
    host_wait(&is_done); /* at once, while the other still runs */
    assert_true(waiting.was_done && waiting.was_cancelled && !waiting.ran);
    assert_false(running.was_done);
    cancel(&running);
    sem_post(&gate);
    host_wait(&is_done);
    assert_true(running.was_done && running.was_cancelled && running.was_asked);
    close_stage();
}

static void freeing_cancels_what_waits_and_awaits_what_runs(void **state)
{
    (void)state;
    static struct work running, waiting[4];
    open_stage(1, 0);
    assert_int_equal(submit(&running, true), 0);
    host_wait(&is_running);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(submit(&waiting[i], false), 0);
    }
    sem_post(&gate);
    fc_executor_free(&stage.executor);
    for (int i = 0; i < 5; i++) {
        host_wait(&is_done);
    }
    assert_true(running.was_done && running.ran);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waiting[i].was_cancelled, !waiting[i].ran);
    }
    close_stage();
}

static void a_loop_that_ended_loses_no_job(void **state)
{
    (void)state;
    static struct work running, waiting;
    open_stage(1, 0);
    assert_int_equal(submit(&running, true), 0);
    host_wait(&is_running);
    assert_int_equal(submit(&waiting, false), 0);
    end_loop();
    sem_post(&gate);
    fc_executor_free(&stage.executor); /* calls done() here, because the loop cannot */
    assert_true(running.was_done && waiting.was_done);
    assert_true(pthread_equal(running.done_on, pthread_self()));
    fc_loop_free(&stage.loop);
}

static void a_loop_that_was_freed_loses_no_job(void **state)
{
    (void)state;
    static struct work running, waiting;
    open_stage(1, 0);
    assert_int_equal(submit(&running, true), 0);
    host_wait(&is_running);
    assert_int_equal(submit(&waiting, false), 0);
    end_loop();
    fc_loop_free(&stage.loop); /* as fc_serve() does before its caller can free an executor */
    sem_post(&gate);
    fc_executor_free(&stage.executor);
    assert_true(running.was_done && waiting.was_done);
    assert_true(pthread_equal(running.done_on, pthread_self()));
}

static void *submit_many(void *arg)
{
    struct work *works = arg;
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(submit(&works[i], false), 0);
    }
    return NULL;
}

static void any_thread_may_submit(void **state)
{
    (void)state;
    static struct work works[4][JOBS];
    pthread_t threads[4];
    open_stage(2, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, works[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 4 * JOBS; i++) {
        host_wait(&is_done);
    }
    close_stage();
}

/* Processors and four more, because some of the jobs wait. */
static void the_default_is_a_few_threads_more_than_processors(void **state)
{
    (void)state;
    const long threads = sysconf(_SC_NPROCESSORS_ONLN) + 4;
    struct work *works = calloc((size_t)threads + 1, sizeof(*works));
    assert_non_null(works);
    open_stage(0, 0);
    for (long i = 0; i <= threads; i++) {
        assert_int_equal(submit(&works[i], true), 0);
    }
    for (long i = 0; i < threads; i++) {
        host_wait(&is_running);
    }
    struct fc_executor_stats stats;
    fc_executor_stats(stage.executor, &stats);
    assert_int_equal(stats.threads, threads);
    assert_int_equal(stats.running, threads);
    assert_int_equal(stats.waiting, 1);
    for (long i = 0; i <= threads; i++) {
        sem_post(&gate);
    }
    for (long i = 0; i <= threads; i++) {
        host_wait(&is_done);
    }
    close_stage();
    free(works);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_elsewhere_and_end_on_the_loop),
        cmocka_unit_test(the_default_is_a_few_threads_more_than_processors),
        cmocka_unit_test(one_thread_keeps_the_order),
        cmocka_unit_test(the_queue_has_a_bound),
        cmocka_unit_test(a_job_can_be_given_up),
        cmocka_unit_test(freeing_cancels_what_waits_and_awaits_what_runs),
        cmocka_unit_test(a_loop_that_ended_loses_no_job),
        cmocka_unit_test(a_loop_that_was_freed_loses_no_job),
        cmocka_unit_test(any_thread_may_submit),
    };
    return cmocka_run_group_tests_name("net/executor", tests, NULL, NULL);
}
