/* SPDX-License-Identifier: MIT */
#ifndef CLI_BENCH_PROCESS_H
#define CLI_BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/** What a process on this machine has used. Threads: any. */
struct process_usage {
    double cpu_s;      /* user and system, all threads */
    uint64_t resident; /* bytes */
};

/** Look at it now; false when there is no such process. */
bool process_usage_read(int64_t pid, struct process_usage *out);

#endif
