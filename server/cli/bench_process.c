/* SPDX-License-Identifier: MIT */
#include "cli/bench_process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 64
#define LINE_SIZE 1024
#define FIELDS_TO_TIMES "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu"

static bool read_line(int64_t pid, const char *name, char line[LINE_SIZE])
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, name);
    FILE *file = fopen(path, "re");
    const bool is_read = file && fgets(line, LINE_SIZE, file);
    if (file) {
        (void)fclose(file);
    }
    return is_read;
}

bool process_usage_read(int64_t pid, struct process_usage *out)
{
    char line[LINE_SIZE];
    unsigned long long user = 0;
    unsigned long long system = 0;
    unsigned long long pages = 0;
    if (!read_line(pid, "stat", line)) {
        return false;
    }
    const char *rest = strrchr(line, ')'); /* the name before it may hold anything */
    if (!rest || sscanf(rest + 2, FIELDS_TO_TIMES, &user, &system) != 2) {
        return false;
    }
    if (!read_line(pid, "statm", line) || sscanf(line, "%*u %llu", &pages) != 1) {
        return false;
    }
    *out = (struct process_usage){
        .cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK),
        .resident = pages * (uint64_t)sysconf(_SC_PAGESIZE),
    };
    return true;
}
