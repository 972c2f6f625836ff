/* SPDX-License-Identifier: MIT */
#include "predict/turns.h"

#include <assert.h>

void turns_init(struct turns *turns)
{
    turns->now = 0;
    pthread_mutex_init(&turns->lock, NULL);
    pthread_cond_init(&turns->has_passed, NULL);
}

void turns_fini(struct turns *turns)
{
    pthread_cond_destroy(&turns->has_passed);
    pthread_mutex_destroy(&turns->lock);
}

void turns_wait(struct turns *turns, uint64_t ticket)
{
    pthread_mutex_lock(&turns->lock);
    assert(turns->now <= ticket);
    while (turns->now != ticket) {
        pthread_cond_wait(&turns->has_passed, &turns->lock);
    }
    pthread_mutex_unlock(&turns->lock);
}

void turns_pass(struct turns *turns, uint64_t ticket)
{
    pthread_mutex_lock(&turns->lock);
    assert(turns->now == ticket);
    turns->now = ticket + 1;
    pthread_cond_broadcast(&turns->has_passed);
    pthread_mutex_unlock(&turns->lock);
}
