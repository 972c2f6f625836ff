/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <framecast/deflate.h>

#include "net/conn.h"
#include "net/error.h"

#define TASKS_PER_TURN 256
#define STOP_SPREAD_SWEEPS 4 /* the farewells of a stopping loop take about a second */
#define STOP_TIMEOUT_NS INT64_C(4000000000)
#define UV_DESCRIPTORS 6 /* four for each loop, two more for the first */

/* ---- tasks ---- */

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

/* ---- the turn ---- */

static void tell_slow(struct fc_loop *loop, const char *what, int64_t duration_ns)
{
    atomic_fetch_add_explicit(&loop->slow_count, 1, memory_order_relaxed);
    if (loop->observer.slow) {
        loop->observer.slow(loop->observer.ctx, loop, what, duration_ns);
    } else if (loop->options.slow) {
        loop->options.slow(loop, what, duration_ns);
    }
}

static void note_lag(struct fc_loop *loop, int64_t lag_ns)
{
    /* only this thread raises it; who asks sets it to 0, and may lose what comes that moment */
    if (lag_ns > atomic_load_explicit(&loop->lag_worst_ns, memory_order_relaxed)) {
        atomic_store_explicit(&loop->lag_worst_ns, lag_ns, memory_order_relaxed);
    }
}

void loop_clock(struct fc_loop *loop, const char *next)
{
    const int64_t now_ns = (int64_t)uv_hrtime();
    const char *done = loop->doing;
    const int64_t duration_ns = now_ns - loop->now_ns;
    loop->now_ns = now_ns;
    loop->doing = next;
    if (!done) {
        loop->turn_ns = now_ns;
    } else if (!next) {
        note_lag(loop, now_ns - loop->turn_ns);
    }
    if (done && duration_ns > LOOP_SLOW_NS) {
        tell_slow(loop, done, duration_ns);
    }
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

static void on_socket(void *ctx, struct poll_watch *watch, uint32_t events)
{
    struct fc_loop *loop = ctx;
    loop_clock(loop, "net");
    conn_ready(container_of(watch, struct fc_conn, watch), events);
}

/*
 * libuv registers a descriptor with the kernel only when it next polls: what a callback began to
 * watch is there after one more run.
 */
static void run_uv(struct fc_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
}

static void turn(struct fc_loop *loop)
{
    flush_dirty(loop);
    bury_dead(loop);
    /* flushing makes others dirty, and what died may have been the last */
    const bool is_idle = list_is_empty(&loop->dirty) && !loop->is_closed;
    loop_clock(loop, NULL);
    uv_update_time(&loop->uv);
    const int timeout_ms = is_idle ? uv_backend_timeout(&loop->uv) : 0;
    const bool is_uv_due = poller_wait(loop->poller, timeout_ms, on_socket, loop);
    uv_update_time(&loop->uv);
    if (is_uv_due || uv_backend_timeout(&loop->uv) == 0) {
        run_uv(loop);
    }
}

/* ---- the end ---- */

static void dismiss_guests(struct fc_loop *loop)
{
    while (!list_is_empty(&loop->guests)) {
        struct loop_guest *guest = container_of(loop->guests.next, struct loop_guest, link);
        guest->leave(guest);
    }
}

static void close_handles(struct fc_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->is_closed = true;
    pthread_mutex_unlock(&loop->lock);
    uv_handle_t *const handles[] = {
        (uv_handle_t *)&loop->wake,
        (uv_handle_t *)&loop->sweep,
        (uv_handle_t *)&loop->gate,
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
        dismiss_guests(loop); /* those that came while it was stopping */
        close_handles(loop);
    }
}

void loop_begin_stop(struct fc_loop *loop)
{
    if (loop->stop_at_ns) {
        return;
    }
    loop->stop_at_ns = loop->now_ns + loop->options.stop_timeout_ns;
    const uint32_t count = atomic_load_explicit(&loop->conn_count, memory_order_relaxed);
    loop->stop_batch = count / STOP_SPREAD_SWEEPS + 1;
    dismiss_guests(loop);
    stop_some(loop);
    end_if_empty(loop);
}

static void run_stop_task(struct fc_task *task)
{
    loop_begin_stop(container_of(task, struct fc_loop, stop_task));
}

void fc_loop_stop(struct fc_loop *loop)
{
    (void)fc_loop_post(loop, &loop->stop_task); /* false: it has ended */
}

/* ---- timers of its own ---- */

static void on_sweep(uv_timer_t *timer)
{
    struct fc_loop *loop = timer->data;
    loop_clock(loop, "net");
    const int64_t late_ns = loop->now_ns - loop->sweep_ns - LOOP_SWEEP_MS * INT64_C(1000000);
    loop->sweep_ns = loop->now_ns;
    atomic_store_explicit(&loop->lag_last_ns, late_ns > 0 ? late_ns : 0, memory_order_relaxed);
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

static void on_signal(uv_signal_t *signal, int number)
{
    struct fc_loop *loop = signal->data;
    (void)number;
    loop_clock(loop, "signalled");
    loop->signalled(loop->signalled_ctx);
}

/* What loops do that were not told otherwise by loop_catch_signals(). */
static void on_signalled(void *ctx)
{
    struct fc_loop *loop = ctx;
    if (loop->options.signalled) {
        loop->options.signalled(loop);
    } else {
        fc_loop_stop(loop);
    }
}

int loop_catch_signals(struct fc_loop *loop, void (*signalled)(void *ctx), void *ctx)
{
    static const int numbers[2] = { SIGINT, SIGTERM };
    loop->signalled = signalled;
    loop->signalled_ctx = ctx;
    for (int i = 0; i < 2; i++) {
        const int err = uv_signal_start(&loop->signals[i], on_signal, numbers[i]);
        if (err) {
            return err;
        }
    }
    return 0;
}

/* ---- making and releasing ---- */

/* Those that cannot fail once there is a loop. */
static void init_handles(struct fc_loop *loop)
{
    loop->wake.data = loop->sweep.data = loop->gate.data = loop;
    (void)uv_timer_init(&loop->uv, &loop->sweep);
    (void)uv_timer_init(&loop->uv, &loop->gate);
    for (int i = 0; i < 2; i++) {
        (void)uv_signal_init(&loop->uv, &loop->signals[i]);
        uv_unref((uv_handle_t *)&loop->signals[i]); /* it does not keep the loop going */
        loop->signals[i].data = loop;
    }
    (void)uv_timer_start(&loop->sweep, on_sweep, LOOP_SWEEP_MS, LOOP_SWEEP_MS);
}

/*
 * Whether there are as many descriptors as libuv needs: it ends the program when there are none for
 * its first loop, and loses one when there are some (both seen in 1.44). Errors: -EMFILE, -ENFILE.
 */
static int check_descriptors(void)
{
    int fds[UV_DESCRIPTORS];
    int count = 0;
    int err = 0;
    while (!err && count < UV_DESCRIPTORS) {
        fds[count] = eventfd(0, EFD_CLOEXEC);
        err = fds[count] < 0 ? -errno : 0;
        count += err ? 0 : 1;
    }
    while (count > 0) {
        close(fds[--count]);
    }
    return err;
}

/* What libuv needs, in the order in which it may fail. */
static int open_uv(struct fc_loop *loop)
{
    int err = check_descriptors();
    err = err ? err : uv_loop_init(&loop->uv);
    if (err) {
        return err;
    }
    err = poller_open(&loop->poller, uv_backend_fd(&loop->uv));
    err = err ? err : uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (err) {
        poller_close(&loop->poller);
        (void)uv_loop_close(&loop->uv);
        return err;
    }
    init_handles(loop);
    return 0;
}

int fc_loop_new(struct fc_loop **out, const struct fc_loop_options *options, struct fc_error *error)
{
    static const struct fc_loop_options defaults;
    options = options ? options : &defaults;
    struct fc_loop *loop = calloc(1, sizeof(*loop));
    if (!loop || !(loop->input = malloc(LOOP_INPUT_BYTES))) {
        free(loop);
        error_set(error, "out of memory");
        return -ENOMEM;
    }
    loop->options = *options;
    loop->options.stop_timeout_ns =
        options->stop_timeout_ns ? options->stop_timeout_ns : STOP_TIMEOUT_NS;
    loop->user = options->user;
    loop->refs = 1;
    loop->tasks_end = &loop->tasks_first;
    loop->stop_task.run = run_stop_task;
    list_init(&loop->conns);
    list_init(&loop->dirty);
    list_init(&loop->dead);
    list_init(&loop->gated);
    list_init(&loop->guests);
    loop->now_ns = loop->sweep_ns = (int64_t)uv_hrtime();
    int err = open_uv(loop);
    if (err) {
        error_set(error, "cannot make an event loop: %s", strerror(-err));
        free(loop->input);
        free(loop);
        return err;
    }
    pthread_mutex_init(&loop->lock, NULL);
    err = options->handles_signals ? loop_catch_signals(loop, on_signalled, loop) : 0;
    if (err) {
        error_set(error, "cannot watch for signals: %s", strerror(-err));
        fc_loop_free(&loop);
        return err;
    }
    *out = loop;
    return 0;
}

void loop_ref(struct fc_loop *loop)
{
    atomic_fetch_add_explicit(&loop->refs, 1, memory_order_relaxed);
}

void loop_unref(struct fc_loop *loop)
{
    /* pairs with itself: who drops the last one sees what the others did */
    if (atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_acq_rel) == 1) {
        pthread_mutex_destroy(&loop->lock);
        free(loop);
    }
}

void fc_loop_free(struct fc_loop **loop)
{
    struct fc_loop *l = *loop;
    *loop = NULL;
    if (!l) {
        return;
    }
    if (!l->is_closed) {
        dismiss_guests(l);
        close_handles(l);
    }
    for (int i = 0; i < 2; i++) { /* not earlier: a second signal must not kill what still ends */
        uv_close((uv_handle_t *)&l->signals[i], NULL);
    }
    (void)uv_run(&l->uv, UV_RUN_DEFAULT); /* lets the closed handles end */
    const int err = uv_loop_close(&l->uv);
    assert(err == 0);
    (void)err;
    poller_close(&l->poller);
    fc_deflater_free(&l->deflater);
    fc_inflater_free(&l->inflater);
    free(l->input);
    loop_unref(l);
}

void loop_observe(struct fc_loop *loop, uint32_t index, const struct loop_observer *observer)
{
    loop->index = index;
    loop->observer = *observer;
}

void fc_loop_run(struct fc_loop *loop)
{
    loop->now_ns = loop->sweep_ns = (int64_t)uv_hrtime();
    if (loop->observer.begun) {
        loop->user = loop->observer.begun(loop->observer.ctx, loop);
    }
    run_uv(loop); /* registers what was begun before */
    while (uv_loop_alive(&loop->uv)) {
        turn(loop);
    }
    loop_clock(loop, NULL); /* what the last turn took */
    for (struct fc_task *task = NULL; (task = task_take(loop));) {
        task->run(task); /* posted before the end; no more can be */
    }
    if (loop->observer.ended) {
        loop->observer.ended(loop->observer.ctx, loop);
    }
}

/* ---- queries ---- */

void loop_conn_added(struct fc_loop *loop)
{
    atomic_fetch_add_explicit(&loop->conn_count, 1, memory_order_relaxed);
}

void loop_conn_removed(struct fc_loop *loop)
{
    atomic_fetch_sub_explicit(&loop->conn_count, 1, memory_order_relaxed);
    end_if_empty(loop);
}

struct fc_inflater *loop_inflater(struct fc_loop *loop)
{
    if (!loop->inflater) {
        loop->inflater = fc_inflater_new();
    }
    return loop->inflater;
}

struct fc_deflater *fc_loop_deflater(struct fc_loop *loop)
{
    if (!loop->deflater) {
        loop->deflater = fc_deflater_new(&(struct fc_deflater_options){ 0 });
    }
    return loop->deflater;
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

void fc_loop_lag(struct fc_loop *loop, struct fc_loop_lag *out)
{
    *out = (struct fc_loop_lag){
        .last_ns = atomic_load_explicit(&loop->lag_last_ns, memory_order_relaxed),
        .worst_ns = atomic_exchange_explicit(&loop->lag_worst_ns, 0, memory_order_relaxed),
        .slow = atomic_load_explicit(&loop->slow_count, memory_order_relaxed),
    };
}
