/* SPDX-License-Identifier: MIT */
/*
 * Bytes out. What is due goes as far as the socket takes it. A slot's message begins only when the
 * gate is open; while it is not, the socket wakes us when all is sent, or the loop's gate timer
 * when it must be acknowledged.
 */
#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "net/gate.h"
#include "net/server.h"

#define MESSAGE_OVERHEAD_BYTES ((size_t)64)

static void on_started(void *ctx, uint32_t slot, const struct fc_message *message)
{
    struct fc_conn *conn = ctx;
    conn->progress_ns = conn->loop->now_ns;
    const struct fc_handler *handler = server_handler(conn->loop->server);
    if (handler->started && conn->user) {
        conn->loop->doing = "started";
        handler->started(conn, slot, message);
    }
}

static void set_low_water(struct fc_conn *conn, bool is_wanted)
{
    if (conn->is_low_water != is_wanted) {
        conn->is_low_water = is_wanted;
        gate_wake_when_sent(conn->fd, conn->is_tcp, is_wanted);
    }
}

/* Whether a slot's message may begin now; if not, arranges to be woken. */
static bool may_begin(struct fc_conn *conn)
{
    if (!outbox_has_ready_slot(&conn->outbox)) {
        set_low_water(conn, false);
        return false;
    }
    const enum gate gate = gate_check(conn->fd, conn->is_tcp);
    set_low_water(conn, gate == GATE_UNSENT);
    if (gate == GATE_IN_FLIGHT) {
        list_append(&conn->loop->gated, &conn->gated);
        loop_watch_gate(conn->loop);
    }
    return gate == GATE_OPEN;
}

/* Write once; false when the socket takes no more, or is broken. */
static bool write_some(struct fc_conn *conn, struct iovec *iov, int count)
{
    struct msghdr header = { .msg_iov = iov, .msg_iovlen = (size_t)count };
    size_t wanted = 0;
    for (int i = 0; i < count; i++) {
        wanted += iov[i].iov_len;
    }
    const ssize_t size = sendmsg(conn->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
            conn->is_blocked = true;
        } else if (errno != EINTR) {
            conn_kill(conn);
            return false;
        }
        return errno == EINTR;
    }
    conn->written += (uint64_t)size;
    outbox_advance(&conn->outbox, (size_t)size, on_started, conn);
    conn->is_blocked = (size_t)size < wanted;
    return !conn->is_blocked && conn->state != CONN_DEAD;
}

/* Write until nothing may go, or the socket takes no more. */
static void write_all(struct fc_conn *conn)
{
    struct iovec iov[OUTBOX_IOV_MAX];
    for (;;) {
        const bool is_between = !conn->outbox.current;
        const int count =
            outbox_gather(&conn->outbox, is_between && may_begin(conn), iov, OUTBOX_IOV_MAX);
        if (count == 0 || !write_some(conn, iov, count)) {
            return;
        }
    }
}

static bool can_send(const struct fc_conn *conn)
{
    return conn->state == CONN_STREAM || (conn->state == CONN_WEBSOCKET && fc_ws_is_open(conn->ws));
}

static void tell_drained(struct fc_conn *conn)
{
    const struct fc_handler *handler = server_handler(conn->loop->server);
    if (handler->drained && conn->user && can_send(conn)) {
        conn->loop->doing = "drained";
        handler->drained(conn);
    }
}

void conn_flush(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    list_remove(&conn->gated); /* until may_begin() finds that it still has to wait */
    if (conn->is_blocked) {
        return; /* the socket will say when it takes more */
    }
    if (conn->state == CONN_WEBSOCKET) {
        conn_ws_drain(conn); /* pongs go before the queue */
        if (conn->state == CONN_DEAD) {
            return;
        }
        list_remove(&conn->dirty); /* what it drained goes with this flush */
    }
    const bool was_due = outbox_has_due(&conn->outbox);
    write_all(conn);
    if (was_due && !outbox_has_due(&conn->outbox)) {
        tell_drained(conn);
    }
    if (conn->state == CONN_ANSWERED && !outbox_has_due(&conn->outbox)) {
        conn_answer_done(conn);
    } else if (conn->state == CONN_WEBSOCKET) {
        conn_ws_drain(conn);
    }
    conn_update_poll(conn);
}

/* Small messages cost more than their bytes. A large one may go when none waits before it. */
static bool has_room(const struct fc_conn *conn, const struct fc_message *message)
{
    const struct outbox *outbox = &conn->outbox;
    const size_t waiting = outbox->queued_bytes + outbox->ring_count * MESSAGE_OVERHEAD_BYTES;
    return outbox->ring_count == 0 || waiting + fc_message_size(message) + MESSAGE_OVERHEAD_BYTES <=
                                          server_options(conn->loop->server)->queue_max_bytes;
}

bool fc_conn_send(struct fc_conn *conn, struct fc_message *message)
{
    if (!can_send(conn)) {
        return false;
    }
    if (!has_room(conn, message) || !outbox_push(&conn->outbox, message)) {
        server_count(conn->loop->server, SERVER_CLOSED_SLOW);
        outbox_clear_queue(&conn->outbox);
        outbox_clear_slots(&conn->outbox);
        fc_conn_close(conn, FC_WS_CODE_TRY_LATER, "you read more slowly than messages come");
        return false;
    }
    conn_wants_flush(conn);
    return true;
}

static bool slot_is_valid(uint32_t slot)
{
    assert(slot < FC_CONN_SLOTS_MAX);
    return slot < FC_CONN_SLOTS_MAX;
}

bool fc_conn_put(struct fc_conn *conn, uint32_t slot, struct fc_message *message)
{
    if (!slot_is_valid(slot) || !can_send(conn)) {
        return false;
    }
    if (!outbox_put(&conn->outbox, slot, message)) {
        conn_kill(conn);
        return false;
    }
    conn_wants_flush(conn);
    return true;
}

size_t fc_conn_queued(const struct fc_conn *conn)
{
    return conn->outbox.queued_bytes;
}

void fc_conn_hold(struct fc_conn *conn, uint32_t slot, bool is_held)
{
    if (!slot_is_valid(slot)) {
        return;
    }
    const bool was_ready = outbox_has_ready_slot(&conn->outbox);
    outbox_hold(&conn->outbox, slot, is_held);
    if (!was_ready && outbox_has_ready_slot(&conn->outbox)) {
        conn_wants_flush(conn);
    }
}

void fc_conn_clear(struct fc_conn *conn, uint32_t slot)
{
    outbox_clear(&conn->outbox, slot);
}
