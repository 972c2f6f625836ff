/* SPDX-License-Identifier: MIT */
#include "net/server.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/error.h"
#include "net/listener.h"
#include "net/loop.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)
#define LISTENERS_MAX 64
#define THREADS_MAX 256
#define PER_ADDRESS_MAX 256
#define REFUSED_OPEN_MAX 64 /* more are closed without a word */

static const char *const listen_default[] = { "127.0.0.1:8765" };

enum server_counter {
    SERVER_ACCEPTED,
    SERVER_REFUSED,
    SERVER_REFUSED_ADDRESS,
    SERVER_ACCEPT_PAUSES,
    SERVER_SLOW_TURNS,
    SERVER_COUNTER_COUNT,
};

struct fc_server {
    struct conn_host host; /* of its connections */
    struct fc_server_options options;
    const struct fc_handler *handler; /* borrowed */
    struct route *routes;             /* owned */
    struct listener *listeners[LISTENERS_MAX];
    struct fc_loop **loops;
    pthread_t *threads;
    uint32_t loop_count, thread_count;
    _Atomic bool is_stopping;
    _Atomic uint64_t counters[SERVER_COUNTER_COUNT];
    _Atomic uint64_t conn_counters[CONN_COUNTER_COUNT];
    struct peers *peers;           /* owned */
    _Atomic uint32_t refused_open; /* connections that are only there to hear why */
    struct fc_task first_stop;     /* on the first loop: what only it has */
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
    conn_options_resolve(&o.conn);
    return o;
}

static void count(struct fc_server *server, enum server_counter counter)
{
    atomic_fetch_add_explicit(&server->counters[counter], 1, memory_order_relaxed);
}

/* ---- what the connections' host does ---- */

static struct fc_server *server_of(struct conn_host *host)
{
    return container_of(host, struct fc_server, host);
}

static void on_request(struct fc_conn *conn, const struct fc_http_request *request)
{
    struct fc_server *server = server_of(conn->host);
    if (routes_take(server->routes, server->handler->route_count, conn, request)) {
        return;
    }
    if (server->handler->request) {
        server->handler->request(conn, request);
    } else {
        conn_respond_error(conn, 404, "there is nothing here", "");
    }
}

static void on_count(struct conn_host *host, enum conn_counter counter)
{
    atomic_fetch_add_explicit(&server_of(host)->conn_counters[counter], 1, memory_order_relaxed);
}

static void on_left(struct conn_host *host, struct fc_conn *conn)
{
    struct fc_server *server = server_of(host);
    peers_leave(server->peers, &conn->peer);
    if (conn->is_refused) {
        atomic_fetch_sub_explicit(&server->refused_open, 1, memory_order_relaxed);
    }
}

/* ---- what the loops' observer does ---- */

static void *on_begun(void *ctx, struct fc_loop *loop)
{
    const struct fc_handler *handler = ((struct fc_server *)ctx)->handler;
    return handler->loop_open ? handler->loop_open(loop, handler->ctx) : NULL;
}

static void on_ended(void *ctx, struct fc_loop *loop)
{
    const struct fc_handler *handler = ((struct fc_server *)ctx)->handler;
    if (handler->loop_close) {
        handler->loop_close(loop, handler->ctx);
    }
}

static void on_slow(void *ctx, struct fc_loop *loop, const char *what, int64_t duration_ns)
{
    struct fc_server *server = ctx;
    count(server, SERVER_SLOW_TURNS);
    if (server->handler->slow) {
        server->handler->slow(loop, what, duration_ns);
    }
}

/* ---- making and releasing ---- */

static void stop_listeners(struct fc_server *server)
{
    for (uint32_t i = 0; i < LISTENERS_MAX && server->listeners[i]; i++) {
        listener_stop(server->listeners[i]);
    }
}

static void run_first_stop(struct fc_task *task)
{
    struct fc_server *server = container_of(task, struct fc_server, first_stop);
    stop_listeners(server);
    loop_begin_stop(server->loops[0]);
}

void fc_server_stop(struct fc_server *server)
{
    if (atomic_exchange_explicit(&server->is_stopping, true, memory_order_acq_rel)) {
        return;
    }
    (void)fc_loop_post(server->loops[0], &server->first_stop);
    for (uint32_t i = 1; i < server->loop_count; i++) {
        fc_loop_stop(server->loops[i]);
    }
}

static void on_signal(void *ctx)
{
    fc_server_stop(ctx);
}

static int make_loops(struct fc_server *server, struct fc_error *error)
{
    const uint32_t threads = server->options.threads;
    const struct loop_observer observer = {
        .begun = on_begun,
        .ended = on_ended,
        .slow = on_slow,
        .ctx = server,
    };
    const struct fc_loop_options options = { .stop_timeout_ns = server->options.stop_timeout_ns };
    server->loops = calloc(threads, sizeof(*server->loops));
    server->threads = calloc(threads, sizeof(*server->threads));
    if (!server->loops || !server->threads) {
        error_set(error, "out of memory");
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < threads; i++) {
        const int err = fc_loop_new(&server->loops[i], &options, error);
        if (err) {
            return err;
        }
        loop_observe(server->loops[i], i, &observer);
        server->loop_count++;
    }
    return server->options.ignores_signals
               ? 0
               : loop_catch_signals(server->loops[0], on_signal, server);
}

static int check_tls(const struct fc_tls *tls, struct fc_error *error)
{
    if (tls && tls_context_is_client(tls)) {
        error_set(error, "the server's TLS is that of a client: make one with is_client false");
        return -EINVAL;
    }
    return 0;
}

static int open_listeners(struct fc_server *server, struct fc_error *error)
{
    const struct fc_server_options *options = &server->options;
    if (options->listen_count > LISTENERS_MAX) {
        error_set(error, "more than %d listeners", LISTENERS_MAX);
        return -EINVAL;
    }
    for (uint32_t i = 0; i < options->listen_count; i++) {
        const int err = listener_open(&server->listeners[i], options->listen[i], error);
        if (err) {
            return err;
        }
    }
    return 0;
}

int fc_server_new(struct fc_server **out, const struct fc_server_options *options,
                  const struct fc_handler *handler, struct fc_error *error)
{
    struct fc_server *server = calloc(1, sizeof(*server));
    if (!server) {
        error_set(error, "out of memory");
        return -ENOMEM;
    }
    server->options = options_resolve(options);
    server->options.tls = options->tls ? fc_tls_ref(options->tls) : NULL;
    server->handler = handler;
    server->host = (struct conn_host){
        .options = server->options.conn,
        .handler = &handler->conn,
        .head_timeout_ns = server->options.head_timeout_ns,
        .answer_timeout_ns = server->options.answer_timeout_ns,
        .keep_alive_ns = server->options.keep_alive_ns,
        .request = on_request,
        .count = on_count,
        .left = on_left,
    };
    server->first_stop.run = run_first_stop;
    int err = check_tls(options->tls, error);
    err = err ? err : routes_new(&server->routes, handler, &server->options.conn, error);
    err = err ? err : open_listeners(server, error);
    if (!err && !(server->peers = peers_new())) {
        error_set(error, "out of memory");
        err = -ENOMEM;
    }
    err = err ? err : make_loops(server, error);
    if (err) {
        fc_server_free(&server);
        return err;
    }
    *out = server;
    return 0;
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
    for (uint32_t i = 0; i < s->loop_count; i++) {
        fc_loop_free(&s->loops[i]);
    }
    peers_free(&s->peers);
    fc_tls_unref(&s->options.tls);
    free(s->routes);
    free(s->loops);
    free(s->threads);
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
    return server->loops[index];
}

static uint64_t open_connections(const struct fc_server *server)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < server->loop_count; i++) {
        count += atomic_load_explicit(&server->loops[i]->conn_count, memory_order_relaxed);
    }
    return count;
}

void fc_server_stats(const struct fc_server *server, struct fc_server_stats *out)
{
    uint64_t value[SERVER_COUNTER_COUNT];
    for (int i = 0; i < SERVER_COUNTER_COUNT; i++) {
        value[i] = atomic_load_explicit(&server->counters[i], memory_order_relaxed);
    }
    uint64_t conn_value[CONN_COUNTER_COUNT];
    for (int i = 0; i < CONN_COUNTER_COUNT; i++) {
        conn_value[i] = atomic_load_explicit(&server->conn_counters[i], memory_order_relaxed);
    }
    *out = (struct fc_server_stats){
        .accepted = value[SERVER_ACCEPTED],
        .open = open_connections(server),
        .refused = value[SERVER_REFUSED],
        .refused_address = value[SERVER_REFUSED_ADDRESS],
        .accept_pauses = value[SERVER_ACCEPT_PAUSES],
        .bad_requests = conn_value[CONN_BAD_REQUESTS],
        .closed_slow = conn_value[CONN_CLOSED_SLOW],
        .closed_idle = conn_value[CONN_CLOSED_IDLE],
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
    (void)conn_open(arrival->loop, &arrival->conn);
    loop_conn_removed(arrival->loop); /* the place that was kept for it */
    free(arrival);
}

static struct fc_loop *emptiest_loop(struct fc_server *server)
{
    struct fc_loop *best = server->loops[0];
    for (uint32_t i = 1; i < server->loop_count; i++) {
        struct fc_loop *loop = server->loops[i];
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
    if (loop == server->loops[0]) {
        (void)conn_open(loop, &conn);
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
    count(server, is_503 ? SERVER_REFUSED : SERVER_REFUSED_ADDRESS);
    if (atomic_load_explicit(&server->refused_open, memory_order_relaxed) >= REFUSED_OPEN_MAX) {
        turn_away(server, conn);
        return;
    }
    atomic_fetch_add_explicit(&server->refused_open, 1, memory_order_relaxed);
    (void)conn_open(server->loops[0], &conn);
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

static void on_accepted(void *ctx, int fd, const struct address *peer, bool is_plain)
{
    struct fc_server *server = ctx;
    loop_clock(server->loops[0], "net");
    struct conn_arrival conn = {
        .host = &server->host,
        .fd = fd,
        .is_tcp = address_is_internet(peer),
        .tls = is_plain ? NULL : server->options.tls,
    };
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
    count(server, SERVER_ACCEPTED);
    hand_over(server, conn);
}

static void on_paused(void *ctx)
{
    count(ctx, SERVER_ACCEPT_PAUSES);
}

static void *thread_main(void *arg)
{
    fc_loop_run(arg);
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
        err = listener_start(server->listeners[i], &server->loops[0]->uv, &sink);
    }
    for (uint32_t i = 1; !err && i < server->loop_count; i++) {
        err = -pthread_create(&server->threads[i], NULL, thread_main, server->loops[i]);
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
    fc_loop_run(server->loops[0]);
    for (uint32_t i = 1; i <= server->thread_count; i++) {
        pthread_join(server->threads[i], NULL);
    }
    return err;
}
