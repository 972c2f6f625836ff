/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "net/conn.h"
#include "net/server.h"

#define TASKS_PER_TURN 256
#define STOP_SPREAD_SWEEPS 4 /* the farewells of a stopping server take about a second */

bool fc_loop_post(struct fc_loop *loop, struct fc_task *task)
{
    pthread_mutex_lock(&loop->lock);
    const bool is_open = !loop->is_closed;
    if (is_open && !task->is_waiting) {
        if (!loop->tasks_first) {
            uv_async_send(&loop->wake); /* inside the lock, so that the handle is not closed yet */
        }
        task->is_waiting = true;
        task->next = NULL;
        *loop->tasks_end = task;
        loop->tasks_end = &task->next;
    }
    pthread_mutex_unlock(&loop->lock);
    return is_open;
}

void *fc_loop_user(const struct fc_loop *loop)
{
    return loop->user;
}

int64_t fc_loop_now(const struct fc_loop *loop)
{
    return loop->now_ns;
}

uint32_t fc_loop_index(const struct fc_loop *loop)
{
    return loop->index;
}

/* From here on it may be posted again; NULL when none waits. */
static struct fc_task *task_take(struct fc_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct fc_task *task = loop->tasks_first;
    if (task) {
        loop->tasks_first = task->next;
        if (!loop->tasks_first) {
            loop->tasks_end = &loop->tasks_first;
        }
        task->is_waiting = false;
    }
    pthread_mutex_unlock(&loop->lock);
    return task;
}

void loop_clock(struct fc_loop *loop, const char *next)
{
    const int64_t now_ns = (int64_t)uv_hrtime();
    const char *const done = loop->doing;
    const int64_t duration_ns = now_ns - loop->now_ns;
    loop->now_ns = now_ns;
    loop->doing = next;
    if (done && duration_ns > LOOP_SLOW_NS) {
        const struct fc_handler *handler = server_handler(loop->server);
        server_count(loop->server, SERVER_SLOW_TURNS);
        if (handler->slow) {
            handler->slow(loop, done, duration_ns);
        }
    }
}

static void run_tasks(struct fc_loop *loop)
{
    struct fc_task *task = NULL;
    int count = 0;
    while (count < TASKS_PER_TURN && (task = task_take(loop))) {
        loop_clock(loop, "task");
        task->run(task);
        count++;
    }
    if (count == TASKS_PER_TURN) {
        uv_async_send(&loop->wake); /* perhaps more: after the sockets had their turn */
    }
}

static void on_wake(uv_async_t *wake)
{
    run_tasks(wake->data);
}

static void flush_dirty(struct fc_loop *loop)
{
    loop_clock(loop, "net");
    /* bounded: a connection that became dirty again while being flushed waits for the next turn */
    struct list_link round;
    list_init(&round);
    list_move_all(&round, &loop->dirty);
    while (!list_is_empty(&round)) {
        struct fc_conn *conn = container_of(round.next, struct fc_conn, dirty);
        list_remove(&conn->dirty);
        conn_flush(conn);
    }
}

/* Also those that die of it: what the application does when it is told may end others. */
static void bury_dead(struct fc_loop *loop)
{
    while (!list_is_empty(&loop->dead)) {
        loop_clock(loop, "closed");
        conn_bury(container_of(loop->dead.next, struct fc_conn, dirty));
    }
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* being active is all that it does */
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct fc_loop *loop = prepare->data;
    flush_dirty(loop);
    bury_dead(loop);
    loop_clock(loop, NULL);
    if (uv_is_closing((uv_handle_t *)&loop->idle)) {
        return;
    }
    if (list_is_empty(&loop->dirty)) {
        (void)uv_idle_stop(&loop->idle);
    } else {
        (void)uv_idle_start(&loop->idle, on_idle); /* flushing made others dirty */
    }
}

static void on_check(uv_check_t *check)
{
    flush_dirty(check->data);
    bury_dead(check->data);
}

static void close_handles(struct fc_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->is_closed = true;
    pthread_mutex_unlock(&loop->lock);
    uv_handle_t *const handles[] = {
        (uv_handle_t *)&loop->wake,  (uv_handle_t *)&loop->prepare, (uv_handle_t *)&loop->check,
        (uv_handle_t *)&loop->sweep, (uv_handle_t *)&loop->gate,    (uv_handle_t *)&loop->idle,
    };
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        uv_close(handles[i], NULL);
    }
}

/* Tell the next connections to go; after the time limit, end them all. */
static void stop_some(struct fc_loop *loop)
{
    const bool is_late = loop->now_ns >= loop->stop_at_ns;
    uint32_t told = 0;
    LIST_FOREACH (at, safe, &loop->conns) {
        struct fc_conn *conn = container_of(at, struct fc_conn, link);
        if (is_late) {
            conn_abort(conn);
        } else if (!conn->is_told_to_stop && told < loop->stop_batch) {
            conn_stop(conn);
            told++;
        }
    }
}

static void end_if_empty(struct fc_loop *loop)
{
    if (loop->stop_at_ns && atomic_load_explicit(&loop->conn_count, memory_order_relaxed) == 0 &&
        !uv_is_closing((uv_handle_t *)&loop->sweep)) {
        close_handles(loop);
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct fc_loop *loop = timer->data;
    loop_clock(loop, "net");
    LIST_FOREACH (at, safe, &loop->conns) {
        conn_tick(container_of(at, struct fc_conn, link));
    }
    if (loop->stop_at_ns) {
        stop_some(loop);
        end_if_empty(loop);
    }
}

static void on_gate(uv_timer_t *timer)
{
    struct fc_loop *loop = timer->data;
    loop_clock(loop, "net");
    LIST_FOREACH (at, safe, &loop->gated) {
        conn_wants_flush(container_of(at, struct fc_conn, gated));
    }
    if (list_is_empty(&loop->gated)) {
        uv_timer_stop(&loop->gate);
    }
}

void loop_watch_gate(struct fc_loop *loop)
{
    if (!uv_is_active((uv_handle_t *)&loop->gate) && !uv_is_closing((uv_handle_t *)&loop->gate)) {
        (void)uv_timer_start(&loop->gate, on_gate, LOOP_GATE_MS, LOOP_GATE_MS);
    }
}

int loop_init(struct fc_loop *loop, struct fc_server *server, uint32_t index)
{
    *loop = (struct fc_loop){ .server = server, .index = index };
    list_init(&loop->conns);
    list_init(&loop->dirty);
    list_init(&loop->dead);
    list_init(&loop->gated);
    loop->tasks_end = &loop->tasks_first;
    loop->input = malloc(LOOP_INPUT_BYTES);
    if (!loop->input) {
        return -ENOMEM;
    }
    const int err = uv_loop_init(&loop->uv);
    if (err) {
        free(loop->input);
        loop->input = NULL;
        return err;
    }
    const int wake_err = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (wake_err) {
        (void)uv_loop_close(&loop->uv);
        free(loop->input);
        loop->input = NULL;
        return wake_err;
    }
    pthread_mutex_init(&loop->lock, NULL);
    loop->now_ns = (int64_t)uv_hrtime();
    loop->wake.data = loop->prepare.data = loop->check.data = loop;
    loop->sweep.data = loop->gate.data = loop;
    (void)uv_prepare_init(&loop->uv, &loop->prepare);
    (void)uv_check_init(&loop->uv, &loop->check);
    (void)uv_timer_init(&loop->uv, &loop->sweep);
    (void)uv_timer_init(&loop->uv, &loop->gate);
    (void)uv_idle_init(&loop->uv, &loop->idle);
    (void)uv_prepare_start(&loop->prepare, on_prepare);
    (void)uv_check_start(&loop->check, on_check);
    (void)uv_timer_start(&loop->sweep, on_sweep, LOOP_SWEEP_MS, LOOP_SWEEP_MS);
    return 0;
}

void loop_fini(struct fc_loop *loop)
{
    if (!loop->input) {
        return;
    }
    if (!loop->is_closed) {
        close_handles(loop);
    }
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* lets the closed handles end */
    const int err = uv_loop_close(&loop->uv);
    assert(err == 0);
    (void)err;
    pthread_mutex_destroy(&loop->lock);
    free(loop->input);
    loop->input = NULL;
}

void loop_run(struct fc_loop *loop)
{
    const struct fc_handler *handler = server_handler(loop->server);
    loop->now_ns = (int64_t)uv_hrtime();
    if (handler->loop_open) {
        loop->user = handler->loop_open(loop, handler->ctx);
    }
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    for (struct fc_task *task = NULL; (task = task_take(loop));) {
        task->run(task); /* posted before the end; no more can be */
    }
    if (handler->loop_close) {
        handler->loop_close(loop, handler->ctx);
    }
}

void loop_stop(struct fc_loop *loop)
{
    if (loop->stop_at_ns) {
        return;
    }
    loop->stop_at_ns = loop->now_ns + server_options(loop->server)->stop_timeout_ns;
    const uint32_t count = atomic_load_explicit(&loop->conn_count, memory_order_relaxed);
    loop->stop_batch = count / STOP_SPREAD_SWEEPS + 1;
    stop_some(loop);
    end_if_empty(loop);
}

void loop_conn_added(struct fc_loop *loop)
{
    atomic_fetch_add_explicit(&loop->conn_count, 1, memory_order_relaxed);
}

void loop_conn_removed(struct fc_loop *loop)
{
    atomic_fetch_sub_explicit(&loop->conn_count, 1, memory_order_relaxed);
    end_if_empty(loop);
}
