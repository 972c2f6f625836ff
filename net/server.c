/* SPDX-License-Identifier: MIT */
#include "net/server.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)
#define LISTENERS_MAX 64
#define THREADS_MAX 256
#define PER_ADDRESS_MAX 256
#define REFUSED_OPEN_MAX 64 /* more are closed without a word */

static const char *const listen_default[] = { "127.0.0.1:8765" };

struct fc_server {
    struct fc_server_options options;
    const struct fc_handler *handler; /* borrowed */
    struct listener *listeners[LISTENERS_MAX];
    struct fc_loop *loops;
    pthread_t *threads;
    uint32_t loop_count, thread_count;
    uv_signal_t signals[2]; /* SIGINT, SIGTERM */
    int signal_count;       /* of those that are initialised */
    _Atomic bool is_stopping;
    _Atomic uint64_t counters[SERVER_COUNTER_COUNT];
    struct peers *peers;           /* owned */
    _Atomic uint32_t refused_open; /* connections that are only there to hear why */
    struct stop_task {
        struct fc_task task;
        struct fc_loop *loop;
    } * stop_tasks; /* one per loop */
};

static uint32_t processor_count(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 && count < THREADS_MAX ? (uint32_t)count : 1;
}

static struct fc_server_options options_resolve(const struct fc_server_options *given)
{
    struct fc_server_options o = *given;
    if (o.listen_count == 0) {
        o.listen = listen_default;
        o.listen_count = 1;
    }
    o.threads = o.threads ? o.threads : processor_count();
    o.threads = o.threads < THREADS_MAX ? o.threads : THREADS_MAX;
    o.connections_max = o.connections_max ? o.connections_max : 16384;
    o.head_timeout_ns = o.head_timeout_ns ? o.head_timeout_ns : SECONDS(10);
    o.answer_timeout_ns = o.answer_timeout_ns ? o.answer_timeout_ns : SECONDS(10);
    o.keep_alive_ns = o.keep_alive_ns ? o.keep_alive_ns : SECONDS(60);
    o.idle_viewer_ns = o.idle_viewer_ns ? o.idle_viewer_ns : SECONDS(30);
    o.ping_every_ns = o.ping_every_ns ? o.ping_every_ns : SECONDS(20);
    o.stop_timeout_ns = o.stop_timeout_ns ? o.stop_timeout_ns : SECONDS(4);
    o.queue_max_bytes = o.queue_max_bytes ? o.queue_max_bytes : 1024 * 1024;
    return o;
}

const struct fc_handler *server_handler(const struct fc_server *server)
{
    return server->handler;
}

const struct fc_server_options *server_options(const struct fc_server *server)
{
    return &server->options;
}

void server_count(struct fc_server *server, enum server_counter counter)
{
    atomic_fetch_add_explicit(&server->counters[counter], 1, memory_order_relaxed);
}

static void run_stop_task(struct fc_task *task)
{
    loop_stop(container_of(task, struct stop_task, task)->loop);
}

static int make_loops(struct fc_server *server)
{
    const uint32_t count = server->options.threads;
    server->loops = calloc(count, sizeof(*server->loops));
    server->threads = calloc(count, sizeof(*server->threads));
    server->stop_tasks = calloc(count, sizeof(*server->stop_tasks));
    if (!server->loops || !server->threads || !server->stop_tasks) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        const int err = loop_init(&server->loops[i], server, i);
        if (err) {
            return err;
        }
        server->loop_count++;
        server->stop_tasks[i].task.run = run_stop_task;
        server->stop_tasks[i].loop = &server->loops[i];
    }
    return 0;
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    fc_server_stop(signal->data);
}

static int start_signals(struct fc_server *server)
{
    static const int numbers[2] = { SIGINT, SIGTERM };
    for (int i = 0; i < 2; i++) {
        uv_signal_t *signal = &server->signals[i];
        int err = uv_signal_init(&server->loops[0].uv, signal);
        if (err) {
            return err;
        }
        server->signal_count++;
        signal->data = server;
        uv_unref((uv_handle_t *)signal); /* they last until the server is freed */
        err = uv_signal_start(signal, on_signal, numbers[i]);
        if (err) {
            return err;
        }
    }
    return 0;
}

int fc_server_new(struct fc_server **out, const struct fc_server_options *options,
                  const struct fc_handler *handler, char *why, size_t why_size)
{
    snprintf(why, why_size, "out of memory or descriptors");
    struct fc_server *server = calloc(1, sizeof(*server));
    if (!server) {
        return -ENOMEM;
    }
    server->options = options_resolve(options);
    server->handler = handler;
    int err = 0;
    if (server->options.listen_count > LISTENERS_MAX) {
        snprintf(why, why_size, "more than %d listeners", LISTENERS_MAX);
        err = -EINVAL;
        goto out;
    }
    for (uint32_t i = 0; i < server->options.listen_count; i++) {
        err = listener_open(&server->listeners[i], server->options.listen[i], why, why_size);
        if (err) {
            goto out;
        }
    }
    server->peers = peers_new();
    err = server->peers ? make_loops(server) : -ENOMEM;
    err = err ? err : start_signals(server);
    if (err) {
        goto out;
    }
    *out = server;
    server = NULL;
out:
    fc_server_free(&server);
    return err;
}

void fc_server_free(struct fc_server **server)
{
    struct fc_server *s = *server;
    *server = NULL;
    if (!s) {
        return;
    }
    for (uint32_t i = 0; i < LISTENERS_MAX; i++) {
        listener_free(&s->listeners[i]);
    }
    for (int i = 0; i < s->signal_count; i++) {
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    }
    for (uint32_t i = 0; i < s->loop_count; i++) {
        loop_fini(&s->loops[i]);
    }
    peers_free(&s->peers);
    free(s->loops);
    free(s->threads);
    free(s->stop_tasks);
    free(s);
}

const char *fc_server_address(const struct fc_server *server, uint32_t index)
{
    const bool is_there = index < LISTENERS_MAX && server->listeners[index];
    return is_there ? listener_address(server->listeners[index]) : NULL;
}

uint32_t fc_server_loop_count(const struct fc_server *server)
{
    return server->loop_count;
}

struct fc_loop *fc_server_loop(struct fc_server *server, uint32_t index)
{
    return &server->loops[index];
}

void server_left(struct fc_server *server, struct peer **peer, bool was_refused)
{
    peers_leave(server->peers, peer);
    if (was_refused) {
        atomic_fetch_sub_explicit(&server->refused_open, 1, memory_order_relaxed);
    }
}

static uint64_t open_connections(const struct fc_server *server)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < server->loop_count; i++) {
        count += atomic_load_explicit(&server->loops[i].conn_count, memory_order_relaxed);
    }
    return count;
}

void fc_server_stats(const struct fc_server *server, struct fc_server_stats *out)
{
    uint64_t value[SERVER_COUNTER_COUNT];
    for (int i = 0; i < SERVER_COUNTER_COUNT; i++) {
        value[i] = atomic_load_explicit(&server->counters[i], memory_order_relaxed);
    }
    *out = (struct fc_server_stats){
        .accepted = value[SERVER_ACCEPTED],
        .open = open_connections(server),
        .refused = value[SERVER_REFUSED],
        .refused_address = value[SERVER_REFUSED_ADDRESS],
        .accept_pauses = value[SERVER_ACCEPT_PAUSES],
        .bad_requests = value[SERVER_BAD_REQUESTS],
        .closed_slow = value[SERVER_CLOSED_SLOW],
        .closed_idle = value[SERVER_CLOSED_IDLE],
        .slow_turns = value[SERVER_SLOW_TURNS],
    };
}

/* A new connection on its way from the listener's loop to its own. */
struct arrival {
    struct fc_task task;
    struct fc_loop *loop;
    struct conn_arrival conn;
};

static void run_arrival(struct fc_task *task)
{
    struct arrival *arrival = container_of(task, struct arrival, task);
    conn_open(arrival->loop, arrival->conn);
    loop_conn_removed(arrival->loop); /* the place that was kept for it */
    free(arrival);
}

static struct fc_loop *emptiest_loop(struct fc_server *server)
{
    struct fc_loop *best = &server->loops[0];
    for (uint32_t i = 1; i < server->loop_count; i++) {
        struct fc_loop *loop = &server->loops[i];
        if (atomic_load_explicit(&loop->conn_count, memory_order_relaxed) <
            atomic_load_explicit(&best->conn_count, memory_order_relaxed)) {
            best = loop;
        }
    }
    return best;
}

static void turn_away(struct fc_server *server, struct conn_arrival conn)
{
    close(conn.fd);
    peers_leave(server->peers, &conn.peer);
}

static void hand_over(struct fc_server *server, struct conn_arrival conn)
{
    struct fc_loop *loop = emptiest_loop(server);
    if (loop == &server->loops[0]) {
        conn_open(loop, conn);
        return;
    }
    struct arrival *arrival = malloc(sizeof(*arrival));
    if (!arrival) {
        turn_away(server, conn);
        return;
    }
    *arrival = (struct arrival){ .task = { .run = run_arrival }, .loop = loop, .conn = conn };
    loop_conn_added(loop); /* counted from now on, so that a burst is spread and a stop waits */
    if (!fc_loop_post(loop, &arrival->task)) {
        atomic_fetch_sub_explicit(&loop->conn_count, 1, memory_order_relaxed); /* it has ended */
        turn_away(server, conn);
        free(arrival);
    }
}

/* Tell it why, if not too many are being told. */
static void refuse(struct fc_server *server, struct conn_arrival conn)
{
    const bool is_503 = conn.refused == 503;
    server_count(server, is_503 ? SERVER_REFUSED : SERVER_REFUSED_ADDRESS);
    if (atomic_load_explicit(&server->refused_open, memory_order_relaxed) >= REFUSED_OPEN_MAX) {
        turn_away(server, conn);
        return;
    }
    atomic_fetch_add_explicit(&server->refused_open, 1, memory_order_relaxed);
    conn_open(&server->loops[0], conn);
}

/* How many an address may have; 0: as many as it wants. */
static uint32_t limit_of(const struct fc_server *server, const struct address *peer)
{
    const uint32_t max = server->options.connections_per_address_max;
    if (!address_is_internet(peer) || (max == 0 && address_is_loopback(peer))) {
        return 0;
    }
    return max ? max : PER_ADDRESS_MAX;
}

static void on_accepted(void *ctx, int fd, const struct address *peer)
{
    struct fc_server *server = ctx;
    loop_clock(&server->loops[0], "net");
    struct conn_arrival conn = { .fd = fd, .is_tcp = address_is_internet(peer) };
    const uint32_t limit = limit_of(server, peer);
    const uint64_t open = open_connections(server);
    if (open >= server->options.connections_max +
                    (uint64_t)atomic_load_explicit(&server->refused_open, memory_order_relaxed)) {
        conn.refused = 503;
    } else if (limit > 0) {
        conn.peer = peers_enter(server->peers, peer, limit);
        conn.refused = conn.peer ? 0 : 429;
    }
    if (conn.refused) {
        refuse(server, conn);
        return;
    }
    server_count(server, SERVER_ACCEPTED);
    hand_over(server, conn);
}

static void on_paused(void *ctx)
{
    server_count(ctx, SERVER_ACCEPT_PAUSES);
}

static void stop_here(struct fc_server *server)
{
    for (uint32_t i = 0; i < LISTENERS_MAX && server->listeners[i]; i++) {
        listener_stop(server->listeners[i]);
    }
}

/* The first loop's part of stopping: what only it has. */
static void run_first_stop_task(struct fc_task *task)
{
    struct fc_loop *loop = container_of(task, struct stop_task, task)->loop;
    stop_here(loop->server);
    loop_stop(loop);
}

void fc_server_stop(struct fc_server *server)
{
    if (atomic_exchange_explicit(&server->is_stopping, true, memory_order_acq_rel)) {
        return;
    }
    server->stop_tasks[0].task.run = run_first_stop_task;
    for (uint32_t i = 0; i < server->loop_count; i++) {
        (void)fc_loop_post(&server->loops[i], &server->stop_tasks[i].task);
    }
}

static void *thread_main(void *arg)
{
    loop_run(arg);
    return NULL;
}

static int start(struct fc_server *server)
{
    int err = 0;
    const struct listener_sink sink = {
        .accepted = on_accepted,
        .paused = on_paused,
        .ctx = server,
    };
    for (uint32_t i = 0; !err && i < LISTENERS_MAX && server->listeners[i]; i++) {
        err = listener_start(server->listeners[i], &server->loops[0].uv, &sink);
    }
    for (uint32_t i = 1; !err && i < server->loop_count; i++) {
        err = -pthread_create(&server->threads[i], NULL, thread_main, &server->loops[i]);
        server->thread_count = err ? server->thread_count : i;
    }
    return err;
}

int fc_server_run(struct fc_server *server)
{
    const int err = start(server);
    if (err) {
        fc_server_stop(server);
    }
    loop_run(&server->loops[0]);
    for (uint32_t i = 1; i <= server->thread_count; i++) {
        pthread_join(server->threads[i], NULL);
    }
    return err;
}
