/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/** Nanoseconds of the steady clock. Threads: any. */
int64_t clock_steady_ns(void);

/** Microseconds since the epoch. Threads: any. */
int64_t clock_wall_us(void);

#endif
