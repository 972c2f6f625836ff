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

static const char *const listen_default[] = { "127.0.0.1:8765" };

struct fc_server {
    struct fc_server_options options;
    const struct fc_handler *handler; /* borrowed */
    struct listener *listeners[LISTENERS_MAX];
    struct fc_loop *loops;
    pthread_t *threads;
    uint32_t loop_count, thread_count;
    uv_signal_t signals[2]; /* SIGINT, SIGTERM */
    bool has_signals;
    _Atomic bool is_stopping;
    _Atomic uint64_t counters[SERVER_COUNTER_COUNT];
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
    err = make_loops(server);
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
    for (int i = 0; s->has_signals && i < 2; i++) {
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    }
    for (uint32_t i = 0; i < s->loop_count; i++) {
        loop_fini(&s->loops[i]);
    }
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
        .refused = value[SERVER_REFUSED],
        .open = open_connections(server),
        .bad_requests = value[SERVER_BAD_REQUESTS],
        .closed_slow = value[SERVER_CLOSED_SLOW],
        .closed_idle = value[SERVER_CLOSED_IDLE],
    };
}

/* A new connection on its way from the listener's loop to its own. */
struct arrival {
    struct fc_task task;
    struct fc_loop *loop;
    int fd;
    bool is_tcp;
};

static void run_arrival(struct fc_task *task)
{
    struct arrival *arrival = container_of(task, struct arrival, task);
    conn_open(arrival->loop, arrival->fd, arrival->is_tcp);
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

static void on_accepted(void *ctx, int fd, bool is_tcp)
{
    struct fc_server *server = ctx;
    if (open_connections(server) >= server->options.connections_max) {
        server_count(server, SERVER_REFUSED);
        conn_refuse(fd);
        return;
    }
    server_count(server, SERVER_ACCEPTED);
    struct fc_loop *loop = emptiest_loop(server);
    if (loop == &server->loops[0]) {
        conn_open(loop, fd, is_tcp);
        return;
    }
    struct arrival *arrival = malloc(sizeof(*arrival));
    if (!arrival) {
        conn_refuse(fd);
        return;
    }
    *arrival = (struct arrival){
        .task = { .run = run_arrival }, .loop = loop, .fd = fd, .is_tcp = is_tcp
    };
    loop_conn_added(loop); /* counted from now on, so that a burst is spread and a stop waits */
    if (!fc_loop_post(loop, &arrival->task)) {
        conn_refuse(fd); /* the loop has ended already */
        free(arrival);
    }
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

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    fc_server_stop(signal->data);
}

static int start_signals(struct fc_server *server)
{
    static const int numbers[2] = { SIGINT, SIGTERM };
    for (int i = 0; i < 2; i++) {
        (void)uv_signal_init(&server->loops[0].uv, &server->signals[i]);
        server->signals[i].data = server;
        uv_unref((uv_handle_t *)&server->signals[i]); /* they last until the server is freed */
    }
    server->has_signals = true;
    for (int i = 0; i < 2; i++) {
        const int err = uv_signal_start(&server->signals[i], on_signal, numbers[i]);
        if (err) {
            return err;
        }
    }
    return 0;
}

static void *thread_main(void *arg)
{
    loop_run(arg);
    return NULL;
}

static int start(struct fc_server *server)
{
    int err = start_signals(server);
    for (uint32_t i = 0; !err && i < LISTENERS_MAX && server->listeners[i]; i++) {
        err = listener_start(server->listeners[i], &server->loops[0].uv, on_accepted, server);
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
