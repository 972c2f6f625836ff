/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TRANSFER_BYTES (256 * 1024) /* one call moves no more payload */

/* What was asked for on the command line. */
struct load {
    uint16_t port;
    bool is_raw; /* plain records of size bytes, for bench/raw */
    pid_t pid;   /* the server, whose processor time is taken; 0: not */
    int connections;
    size_t size;   /* of a message, bytes */
    double warm_s; /* before measuring begins */
    double measured_s;
    unsigned long depth; /* echo: messages that each connection has on the way */
    double rate_hz;      /* echo: messages a second in all, sent on time; 0: as fast as answered */
    unsigned long burst; /* fanout: messages that one "go" asks for */
};

/* What came out. Negative: does not apply. */
struct result {
    uint64_t messages;
    uint64_t bytes; /* of payload */
    double wall_s;
    double cpu_s;          /* the server's */
    double late_us[4];     /* the quantiles in late_quantiles, and the largest */
    double rss_bytes_each; /* idle: the server's, per connection */
};

static const double late_quantiles[] = { 0.5, 0.99, 0.999, 1.0 };

void upload_run(const struct load *load, struct result *result);
void fanout_run(const struct load *load, struct result *result);
void echo_run(const struct load *load, struct result *result);
void idle_run(const struct load *load, struct result *result);

#endif
