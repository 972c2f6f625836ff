/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* A thread that waits for calls to take too long. Nothing can end such a call, so it ends the
 * program. */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t has_changed;
    pthread_t thread;
    const char *name;
    int64_t until_ns; /* 0: nobody is in a call */
    int64_t limit_ns;
    bool is_stopped;
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void give_up(void)
{
    printf("FAIL %s: a call has not returned within %lld ms\n", watch.name,
           (long long)(watch.limit_ns / NS_PER_MS));
    fflush(stdout);
    _exit(1);
}

static void *watch_main(void *arg)
{
    pthread_mutex_lock(&watch.lock);
    while (!watch.is_stopped) {
        if (watch.until_ns == 0) {
            pthread_cond_wait(&watch.has_changed, &watch.lock);
            continue;
        }
        const struct timespec until = {
            .tv_sec = watch.until_ns / NS_PER_S,
            .tv_nsec = watch.until_ns % NS_PER_S,
        };
        pthread_cond_timedwait(&watch.has_changed, &watch.lock, &until);
        if (watch.until_ns > 0 && clock_steady_ns() >= watch.until_ns) {
            give_up();
        }
    }
    pthread_mutex_unlock(&watch.lock);
    return arg;
}

void check_watch_start(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch.has_changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&watch.thread, NULL, watch_main, NULL) != 0) {
        fputs("there is no thread for the watch\n", stderr);
        _exit(1);
    }
}

void check_watch_stop(void)
{
    pthread_mutex_lock(&watch.lock);
    watch.is_stopped = true;
    pthread_cond_signal(&watch.has_changed);
    pthread_mutex_unlock(&watch.lock);
    pthread_join(watch.thread, NULL);
    pthread_cond_destroy(&watch.has_changed);
}

void check_watch_name(const char *name)
{
    pthread_mutex_lock(&watch.lock);
    watch.name = name;
    pthread_mutex_unlock(&watch.lock);
}

void check_watch_extend(int64_t limit_ns)
{
    pthread_mutex_lock(&watch.lock);
    watch.limit_ns = limit_ns;
    watch.until_ns = clock_steady_ns() + limit_ns;
    pthread_cond_signal(&watch.has_changed);
    pthread_mutex_unlock(&watch.lock);
}
