/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_EXECUTOR_H
#define FRAMECAST_EXECUTOR_H

#include <framecast/loop.h>

/*
 * Threads for what takes long: decoding, predicting, reading files, asking a database. A loop that
 * did it itself would keep everybody on it waiting.
 *
 *     struct work { struct fc_job job; struct fc_conn *conn; ... };
 *
 *     work->job.run = compute;                 // on a thread of the pool: touches only the work
 *     work->job.done = answer;                 // on the loop again: sends, unrefs, frees
 *     work->conn = fc_conn_ref(conn);
 *     if (fc_executor_submit(executor, fc_conn_loop(conn), &work->job) != 0) { ... }
 */

FC_BEGIN

struct fc_executor; /* Threads: any; new and free: one. */

/** A piece of work; embedded in something larger. Threads: the loop's, but for run(). */
struct fc_job {
    void (*run)(struct fc_job *job); /* on a thread of the pool; may touch only what is the job's */
    void (*done)(struct fc_job *job); /* on the loop: the job is the application's again */
    bool is_cancelled;                /* for done(): run() was not called, or was asked to stop */

    /* The executor's. */
    struct fc_task task;
    struct fc_executor *executor;
    struct fc_loop *loop;
    struct fc_job *next, *prev;
    int state;
    bool is_asked_to_stop;
};

/** Zero means the default. */
struct fc_executor_options {
    uint32_t threads;   /* 0: processors + 4, because some of them wait */
    uint32_t queue_max; /* jobs that wait for a thread; 0: 1024 */
    /* Threads have a lower priority than the loops (nice 10), so that these answer at once however
       much is computed. true: the same. */
    bool has_loops_priority;
};

/** Make an executor; options may be NULL. Its threads start when there is work for them. Errors:
 * -ENOMEM. Gives. */
FC_API FC_NODISCARD int fc_executor_new(struct fc_executor **out,
                                        const struct fc_executor_options *options);

/**
 * Release it and set the pointer to NULL; ignores NULL. Waits for the jobs that run, and cancels
 * those that wait; those whose loop has ended are done() here.
 */
FC_API void fc_executor_free(struct fc_executor **executor);

/**
 * Have a job run, in the order of submission, and done() called once on the loop.
 *
 * Where the loop ends before the job does, done() is called by fc_executor_free(): so free the
 * executor after the loops have ended, and whatever done() needs after that.
 *
 * Errors:    -EAGAIN when queue_max jobs wait; -ENOMEM without a single thread. Nothing is called.
 * Ownership: takes job until done().
 * Threads:   any.
 */
FC_API FC_NODISCARD int fc_executor_submit(struct fc_executor *executor, struct fc_loop *loop,
                                           struct fc_job *job);

/**
 * Give a job up. One that waits is not run; one that runs may see it by fc_job_is_cancelled().
 * done() is called all the same, with is_cancelled set.
 *
 * Threads:   the loop that it was submitted with, between fc_executor_submit() and done().
 */
FC_API void fc_job_cancel(struct fc_job *job);

/** For run() to ask between two steps. Threads: any. */
FC_API bool fc_job_is_cancelled(const struct fc_job *job);

/** Looked at, never waited for. */
struct fc_executor_stats {
    uint64_t waiting, running, done, cancelled;
    uint64_t refused; /* the queue was full */
    uint32_t threads; /* that were started */
};

/** Copy the counters as they are now. Threads: any. */
FC_API void fc_executor_stats(struct fc_executor *executor, struct fc_executor_stats *out);

FC_END

#endif
