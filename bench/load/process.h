/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_PROCESS_H
#define BENCH_LOAD_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/** Nanoseconds of the steady clock. */
int64_t now_ns(void);

/** Processor time of all threads of a process so far, in nanoseconds; 0 for process 0. */
int64_t process_cpu_ns(pid_t pid);

/** Resident memory of a process in bytes; 0 for process 0. */
int64_t process_rss_bytes(pid_t pid);

#endif
