/* SPDX-License-Identifier: MIT */
/*
 * What each mode does once all connections are open.
 *
 * Latency without coordinated omission: with --rate a message is due at its time whatever the
 * server does, carries that time in its first eight bytes, and its latency counts from there. A
 * server that stalls is charged for everything that was due meanwhile.
 */
#include "cli/bench.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define AHEAD_BYTES ((size_t)1024 * 1024) /* upload: queued on a connection at one time */
#define GO_SIZE 32

static void sent(struct bench *bench, size_t size)
{
    bench->messages++;
    bench->bytes += size;
}

static void received(struct bench_link *link, size_t size)
{
    link->received++;
    link->bench->messages++;
    link->bench->bytes += size;
}

/* ---- upload ---- */

static void fill(struct bench_link *link)
{
    struct bench *bench = link->bench;
    const size_t size = (size_t)bench->options->size;
    while (bench->phase == BENCH_RUNNING && link->conn &&
           fc_conn_queued(link->conn) + size <= AHEAD_BYTES + size) {
        if (!fc_conn_send(link->conn, bench->message)) {
            return;
        }
        sent(bench, size);
        if (fc_conn_queued(link->conn) >= AHEAD_BYTES) {
            return;
        }
    }
}

static void upload_begin(struct bench_link *link)
{
    if (link->bench->options->rate == 0) {
        fill(link);
    }
}

static void upload_drained(struct bench_link *link)
{
    if (link->bench->options->rate == 0) {
        fill(link);
    }
}

/* ---- echo ---- */

/* A message that carries when it was due. */
static bool send_timed(struct bench_link *link, int64_t due_ns)
{
    uint8_t payload[CLI_BENCH_TIMED_MAX_BYTES];
    const size_t size = (size_t)link->bench->options->size;
    memset(payload, 'x', size);
    memcpy(payload, &due_ns, sizeof(due_ns));
    return fc_conn_send_bytes(link->conn, FC_WS_BINARY, (struct fc_bytes){ payload, size },
                              FC_COMPRESS_AUTO);
}

static void echo_begin(struct bench_link *link)
{
    if (link->bench->options->rate == 0) {
        (void)send_timed(link, clock_steady_ns());
    }
}

static void echo_message(struct bench_link *link, struct fc_bytes payload)
{
    int64_t due_ns = 0;
    const int64_t now_ns = clock_steady_ns();
    if (payload.size < sizeof(due_ns)) {
        return; /* not ours */
    }
    memcpy(&due_ns, payload.data, sizeof(due_ns));
    received(link, payload.size);
    histogram_add(&link->bench->latency, now_ns - due_ns);
    if (link->bench->options->rate == 0) {
        (void)send_timed(link, now_ns);
    }
}

/* ---- fanout and idle ---- */

static void fanout_begin(struct bench_link *link)
{
    const struct bench *bench = link->bench;
    if (bench->options->go > 0 && link == bench->links) {
        char text[GO_SIZE];
        snprintf(text, sizeof(text), "go %lld", (long long)bench->options->go);
        (void)fc_conn_send_text(link->conn, text);
    }
}

static void fanout_message(struct bench_link *link, struct fc_bytes payload)
{
    received(link, payload.size);
}

const struct bench_mode *bench_mode_get(enum cli_bench_mode mode)
{
    static const struct bench_mode modes[] = {
        [CLI_BENCH_UPLOAD] = { .begin = upload_begin,
                               .drained = upload_drained,
                               .is_scheduled = true },
        [CLI_BENCH_FANOUT] = { .begin = fanout_begin, .message = fanout_message },
        [CLI_BENCH_ECHO] = { .begin = echo_begin, .message = echo_message, .is_scheduled = true },
        [CLI_BENCH_IDLE] = { .message = fanout_message },
    };
    return &modes[mode];
}

/* ---- the schedule ---- */

static void send_scheduled(struct bench *bench, int64_t due_ns)
{
    struct bench_link *link = &bench->links[bench->next];
    bench->next = (bench->next + 1) % (uint32_t)bench->options->connections;
    if (!link->conn) {
        return;
    }
    if (bench->options->mode == CLI_BENCH_ECHO) {
        (void)send_timed(link, due_ns);
    } else if (fc_conn_send(link->conn, bench->message)) {
        sent(bench, (size_t)bench->options->size);
    }
}

void bench_due(struct bench *bench, int64_t now_ns)
{
    const double elapsed_s = (double)(now_ns - bench->started_ns) / (double)NS_PER_S;
    const uint64_t due = (uint64_t)(elapsed_s * bench->options->rate);
    while (bench->scheduled < due) {
        const double at_s = (double)bench->scheduled / bench->options->rate;
        send_scheduled(bench, bench->started_ns + (int64_t)(at_s * (double)NS_PER_S));
        bench->scheduled++;
    }
}
