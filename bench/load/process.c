/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "link.h"

int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (pid == 0) {
        return 0;
    }
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) {
        die("the server's processor time cannot be read", "is it still running?");
    }
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t process_rss_bytes(pid_t pid)
{
    char line[256];
    long long kilobytes = -1;
    if (pid == 0) {
        return 0;
    }
    snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
    FILE *file = fopen(line, "re");
    while (file && kilobytes < 0 && fgets(line, sizeof(line), file)) {
        (void)sscanf(line, "VmRSS: %lld kB", &kilobytes);
    }
    if (file) {
        fclose(file);
    }
    if (kilobytes < 0) {
        die("the server's memory cannot be read", "is it still running?");
    }
    return kilobytes * 1024;
}
