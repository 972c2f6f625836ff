/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn_hello.h"
#include "net/gate.h"

#define LINGER_NS INT64_C(1000000000)
#define FIN_SIZE 1 /* the end of a stream counts as a byte */
#define BIT(n) (1u << (n))

/* ---- states ---- */

/* What ends a state that lasts too long; CONN_WEBSOCKET asks its engine. */
static int64_t state_deadline(const struct fc_conn *conn, enum conn_state state)
{
    const int64_t now_ns = conn->loop->now_ns;
    switch (state) {
    case CONN_SECURE:
    case CONN_HEAD:
    case CONN_PROXY:
    case CONN_UPGRADE:
        return now_ns + conn->host->head_timeout_ns;
    case CONN_ANSWER:
        return now_ns + conn->host->answer_timeout_ns;
    case CONN_LINGER:
        return now_ns + LINGER_NS;
    case CONN_ANSWERED:
    case CONN_STREAM:
    case CONN_WEBSOCKET:
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        break;
    }
    return INT64_MAX;
}

void conn_enter(struct fc_conn *conn, enum conn_state next)
{
    static const uint16_t allowed[CONN_STATE_COUNT] = {
        [CONN_SECURE] = BIT(CONN_HEAD) | BIT(CONN_UPGRADE) | BIT(CONN_DEAD),
        [CONN_HEAD] = BIT(CONN_SECURE) | BIT(CONN_PROXY) | BIT(CONN_UPGRADE) | BIT(CONN_ANSWER) |
                      BIT(CONN_ANSWERED) | BIT(CONN_DEAD),
        [CONN_ANSWER] =
            BIT(CONN_ANSWERED) | BIT(CONN_STREAM) | BIT(CONN_WEBSOCKET) | BIT(CONN_DEAD),
        [CONN_ANSWERED] = BIT(CONN_HEAD) | BIT(CONN_LINGER) | BIT(CONN_DEAD),
        [CONN_STREAM] = BIT(CONN_ANSWERED) | BIT(CONN_DEAD),
        [CONN_PROXY] = BIT(CONN_SECURE) | BIT(CONN_UPGRADE) | BIT(CONN_DEAD),
        [CONN_UPGRADE] = BIT(CONN_WEBSOCKET) | BIT(CONN_DEAD),
        [CONN_WEBSOCKET] = BIT(CONN_LINGER) | BIT(CONN_DEAD),
        [CONN_LINGER] = BIT(CONN_DEAD),
        [CONN_DEAD] = 0,
    };
    const bool is_allowed = allowed[conn->state] & BIT(next);
    assert(is_allowed);
    (void)is_allowed;
    conn->state = (uint8_t)next;
    conn->deadline_ns = state_deadline(conn, next);
}

static bool wants_read(const struct fc_conn *conn)
{
    static const bool reads[CONN_STATE_COUNT] = {
        [CONN_SECURE] = true,  [CONN_HEAD] = true,      [CONN_STREAM] = true, [CONN_PROXY] = true,
        [CONN_UPGRADE] = true, [CONN_WEBSOCKET] = true, [CONN_LINGER] = true,
    };
    /* a connection that closes reads on, or the peer's close frame would never be seen */
    const bool is_paused =
        conn->is_paused && conn->state == CONN_WEBSOCKET && fc_ws_is_open(conn->ws);
    return reads[conn->state] && !is_paused;
}

void conn_update_watch(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    const bool is_reading = wants_read(conn);
    const bool is_writing = conn->is_blocked || conn->is_low_water;
    const uint32_t events = (is_reading || (conn->is_crossed && is_writing) ? EPOLLIN : 0) |
                            (is_writing || conn->is_crossed ? EPOLLOUT : 0);
    if (poller_watch(conn->loop->poller, &conn->watch, events) != 0) {
        conn_kill(conn); /* the kernel has no memory for it */
    }
}

void conn_ready(struct fc_conn *conn, uint32_t events)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (events & (EPOLLERR | EPOLLHUP)) {
        events |= conn->watch.events; /* who reads or writes will see */
    }
    const bool is_crossed = conn->is_crossed;
    conn->is_crossed = false;
    if (conn->state == CONN_SECURE) {
        conn_secure(conn);
        return;
    }
    if (events & EPOLLOUT || is_crossed) {
        conn->is_blocked = false;
        conn_wants_flush(conn);
    }
    if (events & EPOLLIN || is_crossed) {
        conn_read(conn);
    }
}

/* ---- the beginning ---- */

/* Said before the client has said anything; it is read until the client hangs up, because closing
 * with something unread would take the answer back. */
static void refuse(struct fc_conn *conn, int status)
{
    if (status == 429) {
        conn_respond_error(conn, status, "your address has as many connections as it may",
                           "close some, or try again later");
    } else {
        conn_respond_error(conn, status, "the server has as many connections as it may",
                           "try again later");
    }
}

static void begin(struct fc_conn *conn, const struct conn_arrival *arrival)
{
    if (conn->hello) {
        conn_hello_begin(conn);
    } else if (arrival->tls && conn->is_refused) {
        conn_kill(conn); /* a handshake is too much for somebody who only hears that it is full */
    } else if (conn->is_refused) {
        refuse(conn, arrival->refused);
    } else if (arrival->tls) {
        conn_enter(conn, CONN_SECURE);
        if (tls_open(&conn->tls, arrival->tls, conn->watch.fd, NULL) != 0) {
            conn_kill(conn);
        }
    }
    conn_update_watch(conn);
}

struct fc_conn *conn_open(struct fc_loop *loop, const struct conn_arrival *arrival)
{
    struct fc_conn *conn = calloc(1, sizeof(*conn));
    struct fc_conn nobody = {
        .peer = arrival->peer,
        .is_refused = arrival->refused != 0,
        .user = arrival->user,
    };
    if (!conn) {
        struct conn_hello *hello = arrival->hello;
        conn_hello_free(&hello);
        close(arrival->fd);
        arrival->host->left(arrival->host, &nobody);
        return NULL;
    }
    conn->loop = loop;
    conn->host = arrival->host;
    conn->handler = arrival->host->handler;
    conn->options = &arrival->host->options;
    conn->watch.fd = arrival->fd;
    conn->is_tcp = arrival->is_tcp;
    conn->peer = arrival->peer;
    conn->hello = arrival->hello;
    conn->user = arrival->user;
    conn->is_refused = arrival->refused != 0;
    conn->refs = 1;
    conn->rtt_us = UINT32_MAX;
    conn->progress_ns = loop->now_ns;
    conn->state = CONN_HEAD;
    conn->deadline_ns = state_deadline(conn, CONN_HEAD);
    outbox_init(&conn->outbox);
    list_append(&loop->conns, &conn->link);
    list_init(&conn->dirty);
    list_init(&conn->gated);
    loop_conn_added(loop);
    begin(conn, arrival);
    return conn;
}

/* ---- the end ---- */

void conn_kill(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    conn_enter(conn, CONN_DEAD);
    list_remove(&conn->gated);
    list_remove(&conn->dirty);
    list_append(&conn->loop->dead, &conn->dirty);
}

void conn_bury(struct fc_conn *conn)
{
    assert(conn->state == CONN_DEAD);
    struct fc_loop *loop = conn->loop;
    list_remove(&conn->dirty);
    list_remove(&conn->link);
    conn_leave_groups(conn);
    if (conn->ws && conn->close_code == 0) {
        conn->close_code = FC_WS_CODE_ABNORMAL; /* it broke where the engine did not see it */
    }
    if ((conn->is_opened || (conn->user && !conn->hello)) && conn->handler->closed) {
        conn->handler->closed(conn);
    }
    (void)!poller_watch(loop->poller, &conn->watch, 0);
    outbox_fini(&conn->outbox);
    if (loop->input_holder == conn) {
        loop->input_holder = NULL;
    }
    fc_ws_free(&conn->ws);
    tls_free(&conn->tls);
    conn_hello_free(&conn->hello);
    free(conn->input);
    conn->input = NULL;
    close(conn->watch.fd);
    conn->watch.fd = -1;
    conn->host->left(conn->host, conn);
    conn->host = NULL;
    fc_conn_unref(&conn);
    loop_conn_removed(loop);
}

struct fc_conn *fc_conn_ref(struct fc_conn *conn)
{
    conn->refs++;
    return conn;
}

void fc_conn_unref(struct fc_conn **conn)
{
    struct fc_conn *c = *conn;
    *conn = NULL;
    if (!c || --c->refs > 0) {
        return;
    }
    assert(c->state == CONN_DEAD && c->watch.fd == -1);
    if (c->has_own_options) {
        free((void *)(uintptr_t)c->options);
    }
    free(c->close_reason);
    free(c);
}

void conn_abort(struct fc_conn *conn)
{
    /* a reset instead of an end that would wait in the kernel behind what nobody reads */
    const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    if (conn->state != CONN_DEAD) {
        (void)setsockopt(conn->watch.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    conn_kill(conn);
}

void conn_linger(struct fc_conn *conn)
{
    if (conn->tls) {
        tls_shutdown(conn->tls);
    }
    (void)shutdown(conn->watch.fd, SHUT_WR);
    conn_enter(conn, CONN_LINGER);
}

void conn_wants_flush(struct fc_conn *conn)
{
    if (conn->state != CONN_DEAD && list_is_empty(&conn->dirty)) {
        list_append(&conn->loop->dirty, &conn->dirty);
    }
}

/* ---- time ---- */

static void on_answer_timeout(struct fc_conn *conn)
{
    if (conn->user && conn->handler->closed) {
        conn_doing(conn, "closed");
        conn->handler->closed(conn);
    }
    conn->user = NULL;
    conn_respond_error(conn, 503, "there was no answer in time", "try again");
}

static void on_deadline(struct fc_conn *conn)
{
    if (conn->hello) {
        conn_refuse(conn, "there was no answer in time", false);
    } else if (conn->state == CONN_HEAD && conn->input) {
        conn_respond_error(conn, 408, "the request took too long", "send it at once");
    } else if (conn->state == CONN_ANSWER) {
        on_answer_timeout(conn);
    } else if (conn->state == CONN_LINGER && gate_queued(conn->watch.fd) > FIN_SIZE) {
        conn->deadline_ns = state_deadline(conn, CONN_LINGER); /* it still takes what was said */
    } else {
        conn_kill(conn);
    }
}

void conn_stop(struct fc_conn *conn)
{
    conn->is_told_to_stop = true;
    conn->is_keep_alive = false;
    switch ((enum conn_state)conn->state) {
    case CONN_SECURE:
    case CONN_HEAD:
    case CONN_PROXY:
    case CONN_UPGRADE:
        conn_kill(conn);
        break;
    case CONN_ANSWER:
        on_deadline(conn);
        break;
    case CONN_STREAM:
        fc_conn_finish(conn);
        break;
    case CONN_WEBSOCKET:
        outbox_clear_slots(&conn->outbox);
        fc_conn_close(conn, FC_WS_CODE_GOING_AWAY,
                      conn->host->request ? "the server stops" : "the client stops");
        break;
    case CONN_ANSWERED:
    case CONN_LINGER:
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        break;
    }
}

/* Whether the peer has taken nothing of what waits for it for too long. */
static bool is_idle_viewer(struct fc_conn *conn)
{
    const int64_t now_ns = conn->loop->now_ns;
    const bool is_filled = outbox_has_due(&conn->outbox) || outbox_has_ready_slot(&conn->outbox) ||
                           outbox_has_held_message(&conn->outbox);
    if (!is_filled && conn->taken == conn->written) {
        conn->progress_ns = now_ns; /* nothing waits for it: the kernel need not be asked */
        return false;
    }
    const uint64_t queued = gate_queued(conn->watch.fd); /* under TLS a little more than we wrote */
    const uint64_t taken = conn->written - (queued < conn->written ? queued : conn->written);
    if (conn->ws && (taken != conn->written || outbox_has_due(&conn->outbox))) {
        fc_ws_postpone_pong(conn->ws, now_ns); /* our ping may wait behind what it has not taken */
    }
    if (taken != conn->taken) {
        conn->taken = taken;
        conn->progress_ns = now_ns;
        return false;
    }
    return now_ns - conn->progress_ns > conn->options->idle_viewer_ns;
}

void conn_tick(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (is_idle_viewer(conn)) {
        conn->host->count(conn->host, CONN_CLOSED_IDLE);
        conn_abort(conn);
        return;
    }
    if (conn->ws && conn->state == CONN_WEBSOCKET) {
        (void)fc_ws_tick(conn->ws, conn->loop->now_ns);
        (void)conn_ws_events(conn); /* it may have given the peer up */
        conn_ws_drain(conn);
        return;
    }
    if (conn->loop->now_ns >= conn->deadline_ns) {
        on_deadline(conn);
    }
}
