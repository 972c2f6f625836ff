/* SPDX-License-Identifier: MIT */
#ifndef HUB_TESTING_FAKE_POOL_H
#define HUB_TESTING_FAKE_POOL_H

#include "base/pool.h"

/* In the place of base/pool.c: a job waits until the test says that it runs. */

extern struct pool *const fake_pool;

unsigned fake_pool_waiting(void);

/** Run one job; jobs that it submits wait. */
void fake_pool_run_one(void);

/** Run until none waits. */
void fake_pool_run_all(void);

#endif
