/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/address.h"
#include "net/gate.h"
#include "net/server.h"

#define LINGER_NS INT64_C(1000000000)
#define FIN_SIZE 1 /* the end of a stream counts as a byte */
#define BIT(n) (1u << (n))

/* What ends a state that lasts too long; CONN_WEBSOCKET asks its engine. */
static int64_t state_deadline(const struct fc_conn *conn, enum conn_state state)
{
    const int64_t now_ns = conn->loop->now_ns;
    switch (state) {
    case CONN_HEAD:
        return now_ns + server_options(conn->loop->server)->head_timeout_ns;
    case CONN_ANSWER:
        return now_ns + server_options(conn->loop->server)->answer_timeout_ns;
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
    static const uint8_t allowed[CONN_STATE_COUNT] = {
        [CONN_HEAD] = BIT(CONN_ANSWER) | BIT(CONN_ANSWERED) | BIT(CONN_DEAD),
        [CONN_ANSWER] =
            BIT(CONN_ANSWERED) | BIT(CONN_STREAM) | BIT(CONN_WEBSOCKET) | BIT(CONN_DEAD),
        [CONN_ANSWERED] = BIT(CONN_HEAD) | BIT(CONN_LINGER) | BIT(CONN_DEAD),
        [CONN_STREAM] = BIT(CONN_ANSWERED) | BIT(CONN_DEAD),
        [CONN_WEBSOCKET] = BIT(CONN_LINGER) | BIT(CONN_DEAD),
        [CONN_LINGER] = BIT(CONN_DEAD),
        [CONN_DEAD] = 0,
    };
    const bool is_allowed = allowed[conn->state] & BIT(next);
    assert(is_allowed);
    (void)is_allowed;
    conn->state = next;
    conn->deadline_ns = state_deadline(conn, next);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct fc_conn *conn = poll->data;
    loop_clock(conn->loop, "net");
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (status < 0) {
        conn_kill(conn);
        return;
    }
    if (events & UV_WRITABLE) {
        conn->is_blocked = false;
        conn_wants_flush(conn);
    }
    if (events & UV_READABLE) {
        conn_read(conn);
    }
}

static bool wants_read(const struct fc_conn *conn)
{
    switch (conn->state) {
    case CONN_HEAD:
    case CONN_STREAM:
    case CONN_LINGER:
    case CONN_WEBSOCKET:
        return true;
    case CONN_ANSWER:
    case CONN_ANSWERED:
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        break;
    }
    return false;
}

void conn_update_poll(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    const int events = (wants_read(conn) ? UV_READABLE : 0) |
                       (conn->is_blocked || conn->is_low_water ? UV_WRITABLE : 0);
    if (events == conn->poll_events) {
        return;
    }
    conn->poll_events = events;
    if (events) {
        (void)uv_poll_start(&conn->poll, events, on_poll);
    } else {
        (void)uv_poll_stop(&conn->poll);
    }
}

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

void conn_open(struct fc_loop *loop, struct conn_arrival arrival)
{
    struct fc_conn *conn = calloc(1, sizeof(*conn));
    if (!conn || uv_poll_init(&loop->uv, &conn->poll, arrival.fd) != 0) {
        free(conn);
        close(arrival.fd);
        server_left(loop->server, &arrival.peer, arrival.refused != 0);
        return;
    }
    conn->loop = loop;
    conn->fd = arrival.fd;
    conn->is_tcp = arrival.is_tcp;
    conn->peer = arrival.peer;
    conn->is_refused = arrival.refused != 0;
    conn->poll.data = conn;
    conn->progress_ns = loop->now_ns;
    conn->deadline_ns = state_deadline(conn, CONN_HEAD);
    outbox_init(&conn->outbox);
    list_append(&loop->conns, &conn->link);
    list_init(&conn->dirty);
    list_init(&conn->gated);
    loop_conn_added(loop);
    if (conn->is_refused) {
        refuse(conn, arrival.refused);
    }
    conn_update_poll(conn);
}

static void on_closed(uv_handle_t *handle)
{
    struct fc_conn *conn = handle->data;
    struct fc_loop *loop = conn->loop;
    free(conn);
    loop_conn_removed(loop);
}

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
    const struct fc_handler *handler = server_handler(conn->loop->server);
    if (conn->user && handler->closed) {
        handler->closed(conn);
    }
    list_remove(&conn->dirty);
    list_remove(&conn->link);
    outbox_fini(&conn->outbox);
    fc_ws_free(&conn->ws);
    free(conn->input);
    conn->input = NULL;
    uv_close((uv_handle_t *)&conn->poll, on_closed);
    close(conn->fd);
    conn->fd = -1;
    server_left(conn->loop->server, &conn->peer, conn->is_refused);
}

void conn_abort(struct fc_conn *conn)
{
    /* a reset instead of an end that would wait in the kernel behind what nobody reads */
    const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    if (conn->state != CONN_DEAD) {
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    conn_kill(conn);
}

void conn_wants_flush(struct fc_conn *conn)
{
    if (conn->state != CONN_DEAD && list_is_empty(&conn->dirty)) {
        list_append(&conn->loop->dirty, &conn->dirty);
    }
}

static void on_deadline(struct fc_conn *conn)
{
    const struct fc_handler *handler = server_handler(conn->loop->server);
    if (conn->state == CONN_HEAD && conn->input) {
        conn_respond_error(conn, 408, "the request took too long", "send it at once");
    } else if (conn->state == CONN_ANSWER) {
        if (conn->user && handler->closed) {
            conn->loop->doing = "closed";
            handler->closed(conn);
        }
        conn->user = NULL;
        conn_respond_error(conn, 503, "there was no answer in time", "try again");
    } else if (conn->state == CONN_LINGER && gate_queued(conn->fd) > FIN_SIZE) {
        conn->deadline_ns = state_deadline(conn, CONN_LINGER); /* it still takes what was said */
    } else {
        conn_kill(conn);
    }
}

void conn_stop(struct fc_conn *conn)
{
    conn->is_told_to_stop = true;
    conn->is_keep_alive = false;
    switch (conn->state) {
    case CONN_HEAD:
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
        fc_conn_close(conn, FC_WS_CODE_GOING_AWAY, "the server stops");
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
    const uint64_t taken = conn->written - gate_queued(conn->fd);
    if (conn->ws && (taken != conn->written || outbox_has_due(&conn->outbox))) {
        fc_ws_postpone_pong(conn->ws, now_ns); /* our ping may wait behind what it has not taken */
    }
    if (taken != conn->taken) {
        conn->taken = taken;
        conn->progress_ns = now_ns;
        return false;
    }
    return now_ns - conn->progress_ns > server_options(conn->loop->server)->idle_viewer_ns;
}

void conn_tick(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (is_idle_viewer(conn)) {
        server_count(conn->loop->server, SERVER_CLOSED_IDLE);
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

struct fc_loop *fc_conn_loop(const struct fc_conn *conn)
{
    return conn->loop;
}

const char *fc_conn_peer(const struct fc_conn *conn)
{
    struct address address = { .size = sizeof(address.storage) };
    char text[ADDRESS_TEXT_SIZE] = "gone";
    if (conn->fd >= 0 &&
        getpeername(conn->fd, (struct sockaddr *)&address.storage, &address.size) == 0) {
        address_format(&address, text);
    }
    memcpy(conn->loop->peer, text, sizeof(text));
    return conn->loop->peer;
}

void fc_conn_set_user(struct fc_conn *conn, void *user)
{
    conn->user = user;
}

void *fc_conn_user(const struct fc_conn *conn)
{
    return conn->user;
}

uint64_t fc_conn_dropped(const struct fc_conn *conn)
{
    return outbox_dropped(&conn->outbox);
}
