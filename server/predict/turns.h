/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_TURNS_H
#define PREDICT_TURNS_H

#include <pthread.h>
#include <stdint.h>

/*
 * Puts threads that finish in any order back into the order of their tickets: 0 first. Each ticket
 * must be waited for and passed exactly once. Threads: any.
 */
struct turns {
    pthread_mutex_t lock;
    pthread_cond_t has_passed;
    uint64_t now; /* the ticket whose turn it is */
};

void turns_init(struct turns *turns);
void turns_fini(struct turns *turns);

/** Wait until every earlier ticket has passed. */
void turns_wait(struct turns *turns, uint64_t ticket);

/** End one's turn. */
void turns_pass(struct turns *turns, uint64_t ticket);

#endif
