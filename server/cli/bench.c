/* SPDX-License-Identifier: MIT */
#include "cli/bench.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/trust.h"

#define OPENING_MAX 100 /* connections that are being opened at one time */
#define MESSAGE_MAX_BYTES (64 * 1024 * 1024)
#define QUEUE_MAX_BYTES (256u * 1024 * 1024)
#define SECOND_NS NS_PER_S
#define WATCH_NS (NS_PER_S / 1000)

/* ---- time ---- */

static void end(struct bench *bench)
{
    bench->elapsed_ns = clock_steady_ns() - bench->started_ns;
    (void)process_usage_read(bench->options->pid, &bench->after);
    bench->phase = BENCH_OVER;
    fc_loop_stop(bench->loop);
}

static void run_schedule(struct fc_task *task)
{
    struct bench *bench = (struct bench *)(void *)((char *)task - offsetof(struct bench, schedule));
    if (bench->phase == BENCH_RUNNING) {
        bench_due(bench, clock_steady_ns());
        (void)fc_loop_post(bench->loop, task);
    }
}

static void begin(struct bench *bench)
{
    const int64_t now_ns = clock_steady_ns();
    bench->opened_ns = now_ns - bench->started_ns;
    bench->started_ns = now_ns;
    bench->phase = BENCH_RUNNING;
    (void)process_usage_read(bench->options->pid, &bench->before);
    for (int64_t i = 0; bench->mode->begin && i < bench->options->connections; i++) {
        if (bench->links[i].conn) {
            bench->mode->begin(&bench->links[i]);
        }
    }
    if (bench->options->rate > 0 && bench->mode->is_scheduled) {
        (void)fc_loop_post(bench->loop, &bench->schedule);
    }
}

static void on_watch(struct fc_timer *timer, void *ctx)
{
    struct bench *bench = ctx;
    const int64_t now_ns = clock_steady_ns();
    (void)timer;
    if (bench->phase == BENCH_RUNNING &&
        (double)(now_ns - bench->started_ns) >= bench->options->duration_s * (double)NS_PER_S) {
        end(bench);
    }
}

static void on_second(struct fc_timer *timer, void *ctx)
{
    (void)timer;
    bench_report_progress(ctx, clock_steady_ns());
}

/* ---- connections ---- */

static void open_more(struct bench *bench);

/* The last one has opened, or will not. */
static void check_opening(struct bench *bench)
{
    const uint32_t all = (uint32_t)bench->options->connections;
    if (bench->phase != BENCH_OPENING) {
        return;
    }
    if (bench->open + bench->lost < all) {
        open_more(bench);
    } else if (bench->open == 0) {
        end(bench);
    } else {
        begin(bench);
    }
}

static void on_open(struct fc_conn *conn)
{
    struct bench_link *link = fc_conn_user(conn);
    link->conn = conn;
    link->bench->open++;
    check_opening(link->bench);
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct bench_link *link = fc_conn_user(conn);
    (void)kind;
    if (link->bench->phase == BENCH_RUNNING && link->bench->mode->message) {
        link->bench->mode->message(link, payload);
    }
}

static void on_drained(struct fc_conn *conn)
{
    struct bench_link *link = fc_conn_user(conn);
    if (link->bench->phase == BENCH_RUNNING && link->bench->mode->drained) {
        link->bench->mode->drained(link);
    }
}

static void on_closed(struct fc_conn *conn)
{
    struct bench_link *link = fc_conn_user(conn);
    struct bench *bench = link->bench;
    link->conn = NULL;
    if (bench->phase == BENCH_OVER) {
        return;
    }
    bench->open--;
    bench->lost++;
    snprintf(bench->why.text, sizeof(bench->why.text), "a connection was closed: %u %s",
             fc_conn_close_code(conn), fc_conn_close_reason(conn));
    if (bench->phase == BENCH_RUNNING && bench->open == 0) {
        end(bench);
    }
    check_opening(bench);
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    struct bench_link *link = fc_client_user(client);
    (void)retry_ns;
    snprintf(link->bench->why.text, sizeof(link->bench->why.text), "%s", why);
    link->bench->lost++;
    check_opening(link->bench);
}

static int open_link(struct bench *bench, struct bench_link *link)
{
    static const struct fc_conn_handler handler = {
        .open = on_open, .message = on_message, .drained = on_drained, .closed = on_closed
    };
    link->bench = bench;
    return fc_client_open(&link->client, bench->loop,
                          &(struct fc_client_options){
                              .url = bench->options->url,
                              .tls = bench->tls,
                              .handler = &handler,
                              .user = link,
                              .failed = on_failed,
                              .conn.message_max_bytes = MESSAGE_MAX_BYTES,
                              .conn.queue_max_bytes = QUEUE_MAX_BYTES,
                              .conn.compression = bench->options->has_deflate ? FC_COMPRESSION_ON
                                                                              : FC_COMPRESSION_OFF,
                          },
                          &bench->why);
}

static void open_more(struct bench *bench)
{
    const uint32_t all = (uint32_t)bench->options->connections;
    while (bench->begun < all && bench->begun - bench->open - bench->lost < OPENING_MAX) {
        if (open_link(bench, &bench->links[bench->begun++]) != 0) {
            bench->lost++;
        }
    }
}

/* ---- the command ---- */

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool make_message(struct bench *bench)
{
    const size_t size = (size_t)bench->options->size;
    uint8_t *bytes = malloc(size);
    if (bytes) {
        memset(bytes, 'x', size);
        bench->message = fc_message_new_ws(FC_WS_BINARY, (struct fc_bytes){ bytes, size });
    }
    free(bytes);
    return bench->message != NULL;
}

static int run(struct bench *bench)
{
    int err = trust_make(&bench->tls, &bench->options->trust, &bench->why);
    const struct fc_loop_options options = { .handles_signals = true };
    err = err ? err : fc_loop_new(&bench->loop, &options, &bench->why);
    if (err) {
        return err;
    }
    struct fc_timer *watch = fc_timer_new(bench->loop, on_watch, bench);
    struct fc_timer *second = fc_timer_new(bench->loop, on_second, bench);
    if (watch && second) {
        fc_timer_start(watch, WATCH_NS, WATCH_NS);
        fc_timer_start(second, SECOND_NS, SECOND_NS);
        bench->started_ns = clock_steady_ns();
        open_more(bench);
        check_opening(bench); /* all may have failed at once */
        fc_loop_run(bench->loop);
    }
    if (bench->phase == BENCH_RUNNING) {
        end(bench); /* interrupted: what there is */
    }
    fc_timer_free(&watch);
    fc_timer_free(&second);
    for (int64_t i = 0; i < bench->options->connections; i++) {
        fc_client_close(&bench->links[i].client, FC_WS_CODE_NORMAL, NULL);
    }
    fc_loop_free(&bench->loop);
    return 0;
}

int cli_bench(const struct cli_bench *options)
{
    struct bench bench = {
        .options = options,
        .mode = bench_mode_get(options->mode),
        .links = calloc((size_t)options->connections, sizeof(*bench.links)),
        .why = { "out of memory" },
        .schedule.run = run_schedule,
    };
    int status = EXIT_FAILURE;
    raise_descriptor_limit();
    if (bench.links && make_message(&bench)) {
        (void)run(&bench);
    }
    if (bench.phase == BENCH_OVER && bench.opened_ns > 0) {
        bench_report(&bench);
        status = bench.lost == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (status != EXIT_SUCCESS) {
        cli_complain("%s", bench.why.text);
    }
    fc_message_unref(&bench.message);
    fc_tls_unref(&bench.tls);
    free(bench.links);
    return status;
}
