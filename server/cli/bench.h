/* SPDX-License-Identifier: MIT */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include <framecast/client.h>

#include "base/histogram.h"
#include "cli/bench_process.h"
#include "cli/config.h"

/*
 * The load of `framecast bench`: so many connections on one loop. All are opened first, then the
 * mode does its work for the time asked for.
 *
 * bench.c         connections, time, progress
 * bench_modes.c   upload, echo, fanout, idle
 * bench_report.c  what is printed
 */

struct bench;

/** One connection. Threads: the loop's, as all here. */
struct bench_link {
    struct bench *bench;
    struct fc_client *client; /* owned */
    struct fc_conn *conn;     /* borrowed; NULL while it is not open */
    uint64_t received;        /* messages, while it is measured */
    int64_t sent_ns;          /* echo: when the message on its way was due */
};

/** What a mode does. Unset ones are ignored. */
struct bench_mode {
    void (*begin)(struct bench_link *link); /* the time begins */
    void (*message)(struct bench_link *link, struct fc_bytes payload);
    void (*drained)(struct bench_link *link);
    bool is_scheduled; /* sends by --rate, from bench_due() */
};

enum bench_phase { BENCH_OPENING, BENCH_RUNNING, BENCH_OVER };

struct bench {
    const struct cli_bench *options;
    const struct bench_mode *mode;
    struct fc_loop *loop;
    struct fc_tls *tls;
    struct fc_message *message; /* what is sent, without a time in it */
    struct fc_task schedule; /* --rate: looks at the clock again and again, for timers are coarse */
    struct bench_link *links;
    enum bench_phase phase;
    uint32_t begun, open, lost; /* links that were tried, are open, have gone */
    uint32_t next;              /* link of the next scheduled message */
    int64_t started_ns;         /* opening, then running */
    int64_t opened_ns;          /* how long the opening took */
    int64_t elapsed_ns;         /* how long it ran */
    uint64_t messages, bytes;   /* while it ran: sent by upload, else received */
    uint64_t scheduled;         /* messages that were due so far */
    struct histogram latency;
    struct process_usage before, after; /* of --pid */
    struct fc_error why;                /* of the newest failure */
};

/** The mode's functions. */
const struct bench_mode *bench_mode_get(enum cli_bench_mode mode);

/** Send what is due by --rate until now. */
void bench_due(struct bench *bench, int64_t now_ns);

/** One line while it runs, and all at the end. */
void bench_report_progress(const struct bench *bench, int64_t now_ns);
void bench_report(const struct bench *bench);

#endif
