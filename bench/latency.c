/* SPDX-License-Identifier: MIT */
/*
 * latency [--check] [SECONDS]: what computing on the executor does to everybody else. A server
 * echoes binary messages and computes for SECONDS (5) when it is sent a text. Round trips of an
 * echo are measured alone, then while eight connections have it compute. One line of JSON; with
 * --check it fails when the 99th percentile rises by 2 ms or more.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <framecast/client.h>
#include <framecast/executor.h>
#include <framecast/server.h>

#define COMPUTING 8
#define ROUNDS 2000
#define PAUSE_NS INT64_C(1000000) /* between two round trips, so that the loop sleeps */
#define RISE_MAX_US 2000.0

static struct fc_executor *executor;
static double compute_s = 5;
static struct fc_loop *loop; /* of the clients */
static struct fc_conn *probe;
static struct fc_timer *pause_timer;
static int computing;           /* connections that were told to */
static int64_t sent_ns;         /* the echo on its way */
static double trips[2][ROUNDS]; /* alone, and beside; microseconds */
static int count[2], phase;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- the server ---- */

static void compute(struct fc_job *job)
{
    const int64_t until_ns = now_ns() + (int64_t)(compute_s * 1e9);
    while (now_ns() < until_ns && !fc_job_is_cancelled(job)) {
    }
}

static void forget(struct fc_job *job)
{
    free(job);
}

static void on_request(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct fc_job *job = kind == FC_WS_TEXT ? calloc(1, sizeof(*job)) : NULL;
    if (!job) {
        (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_NEVER);
        return;
    }
    job->run = compute;
    job->done = forget;
    if (fc_executor_submit(executor, fc_conn_loop(conn), job) != 0) {
        free(job);
    }
}

static void *serve(void *server)
{
    (void)!fc_server_run(server);
    return NULL;
}

/* ---- the clients ---- */

static void send_echo(struct fc_timer *timer, void *ctx)
{
    (void)timer;
    (void)ctx;
    sent_ns = now_ns();
    (void)fc_conn_send_bytes(probe, FC_WS_BINARY, (struct fc_bytes){ (const uint8_t *)"x", 1 },
                             FC_COMPRESS_NEVER);
}

static void on_open(struct fc_conn *conn)
{
    probe = conn;
    if (phase == 0) { /* else it waits for the others */
        fc_timer_start(pause_timer, PAUSE_NS, 0);
    }
}

static void on_echo(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)conn;
    (void)kind;
    (void)payload;
    trips[phase][count[phase]++] = (double)(now_ns() - sent_ns) / 1e3;
    if (count[phase] < ROUNDS) {
        fc_timer_start(pause_timer, PAUSE_NS, 0);
    } else {
        fc_loop_stop(loop);
    }
}

static void on_open_computing(struct fc_conn *conn)
{
    (void)fc_conn_send_text(conn, "compute");
    if (++computing == COMPUTING) {
        fc_timer_start(pause_timer, 20 * PAUSE_NS, 0); /* they are at it by then */
    }
}

/* One phase on a loop of its own: a probe, and beside it as many as that. */
static int measure(const char *url, int others)
{
    static const struct fc_conn_handler echo = { .open = on_open, .message = on_echo };
    static const struct fc_conn_handler busy = { .open = on_open_computing };
    struct fc_client *clients[COMPUTING + 1] = { NULL };
    probe = NULL;
    phase = others > 0;
    int err = fc_loop_new(&loop, &(struct fc_loop_options){ 0 }, NULL);
    pause_timer = err ? NULL : fc_timer_new(loop, send_echo, NULL);
    for (int i = 0; !err && i <= others; i++) {
        const struct fc_client_options options = { .url = url, .handler = i == 0 ? &echo : &busy };
        err = fc_client_open(&clients[i], loop, &options, NULL);
    }
    if (!err) {
        fc_loop_run(loop);
    }
    for (int i = 0; i <= others; i++) {
        fc_client_close(&clients[i], FC_WS_CODE_NORMAL, NULL);
    }
    fc_timer_free(&pause_timer);
    fc_loop_free(&loop);
    return err;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int report(bool checks)
{
    double p99[2];
    for (int i = 0; i < 2; i++) {
        qsort(trips[i], ROUNDS, sizeof(double), by_size);
        p99[i] = trips[i][ROUNDS * 99 / 100];
    }
    printf("{\"bench\":\"latency\",\"compute_s\":%g,\"computing\":%d,\"alone_p50_us\":%.1f,"
           "\"alone_p99_us\":%.1f,\"beside_p50_us\":%.1f,\"beside_p99_us\":%.1f}\n",
           compute_s, COMPUTING, trips[0][ROUNDS / 2], p99[0], trips[1][ROUNDS / 2], p99[1]);
    return checks && p99[1] - p99[0] >= RISE_MAX_US;
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { .message = on_request };
    static const struct fc_route route = { .path = "/", .handler = &handler };
    static const struct fc_handler server_handler = { .routes = &route, .route_count = 1 };
    static const char *const listen[] = { "127.0.0.1:0" };
    const bool checks = argc > 1 && strcmp(argv[1], "--check") == 0;
    const char *seconds = argc > 1 + checks ? argv[1 + checks] : "5";
    struct fc_server *server = NULL;
    pthread_t thread;
    char url[64];
    compute_s = strtod(seconds, NULL);
    const struct fc_server_options options = {
        .listen = listen, .listen_count = 1, .threads = 1, .ignores_signals = true
    };
    if (fc_executor_new(&executor, &(struct fc_executor_options){ 0 }) != 0 ||
        fc_server_new(&server, &options, &server_handler, NULL) != 0 ||
        pthread_create(&thread, NULL, serve, server) != 0) {
        return EXIT_FAILURE;
    }
    snprintf(url, sizeof(url), "ws://%s/", fc_server_address(server, 0));
    const int err = measure(url, 0) || measure(url, COMPUTING);
    fc_server_stop(server);
    pthread_join(thread, NULL);
    fc_executor_free(&executor);
    fc_server_free(&server);
    return err || count[1] < ROUNDS ? EXIT_FAILURE : report(checks);
}
