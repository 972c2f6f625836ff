/* SPDX-License-Identifier: MIT */
/*
 * Bytes out. What is due goes as far as the socket takes it. A slot's message begins only when the
 * gate is open; while it is not, the socket wakes us when all is sent, or the loop's gate timer
 * when it must be acknowledged.
 */
#include "net/conn.h"

#include "net/gate.h"

#define BOUND_AFTER_BYTES (64 * 1024) /* whoever is sent less keeps the buffer small anyway */

static void on_started(void *ctx, uint32_t slot, const struct fc_message *message)
{
    struct fc_conn *conn = ctx;
    conn->progress_ns = conn->loop->now_ns;
    if (conn->handler->started) {
        conn_doing(conn, "started");
        conn->handler->started(conn, slot, message);
    }
}

static void set_low_water(struct fc_conn *conn, bool is_wanted)
{
    if (conn->is_low_water != is_wanted) {
        conn->is_low_water = is_wanted;
        gate_wake_when_sent(conn->watch.fd, conn->is_tcp, is_wanted);
    }
}

/* Whether a slot's message may begin now; if not, arranges to be woken. */
static bool may_begin(struct fc_conn *conn)
{
    if (!outbox_has_ready_slot(&conn->outbox)) {
        set_low_water(conn, false);
        return false;
    }
    const enum gate gate = gate_check(conn->watch.fd, conn->is_tcp);
    set_low_water(conn, gate == GATE_UNSENT);
    if (gate == GATE_IN_FLIGHT) {
        list_append(&conn->loop->gated, &conn->gated);
        loop_watch_gate(conn->loop);
    }
    return gate == GATE_OPEN;
}

static void bound_near(struct fc_conn *conn)
{
    if (conn->is_tcp && !conn->is_bounded && conn->written > BOUND_AFTER_BYTES) {
        conn->is_bounded = gate_bound_near(conn->watch.fd);
    }
}

/* Write once; false when the socket takes no more, or is broken. */
static bool write_some(struct fc_conn *conn, const struct iovec *iov, int count)
{
    size_t wanted = 0;
    for (int i = 0; i < count; i++) {
        wanted += iov[i].iov_len;
    }
    size_t size = 0;
    if (!conn_transmit(conn, iov, count, &size)) {
        return false;
    }
    conn->written += size;
    bound_near(conn);
    outbox_advance(&conn->outbox, size, on_started, conn);
    /* a record of TLS is less than a socket takes: what it does not take, it will say */
    conn->is_blocked = size < wanted && !conn->tls;
    return !conn->is_blocked && conn->state != CONN_DEAD;
}

static bool write_next(struct fc_conn *conn)
{
    struct iovec iov[OUTBOX_IOV_MAX];
    /* whether one of a slot may begin is asked once what is before it leaves with this write */
    const bool is_near = !conn->outbox.current && conn->outbox.queued_bytes < OUTBOX_WRITE_BYTES;
    const bool may = is_near && may_begin(conn);
    const int count = outbox_gather(&conn->outbox, may, iov, OUTBOX_IOV_MAX);
    return count > 0 && write_some(conn, iov, count);
}

/* Write until nothing may go, or the socket takes no more. */
static void write_all(struct fc_conn *conn)
{
    while (write_next(conn)) {
    }
    size_t none = 0;
    if (conn->tls && !conn->is_blocked && conn->state != CONN_DEAD &&
        tls_has_pending_output(conn->tls)) {
        /* a record that the socket took in part */
        (void)conn_transmit(conn, NULL, 0, &none);
    }
}

static void tell_drained(struct fc_conn *conn)
{
    if (conn->handler->drained && conn_can_send(conn)) {
        conn_doing(conn, "drained");
        conn->handler->drained(conn);
    }
}

/* Tell once when the queue has passed a water mark. */
static void tell_pressure(struct fc_conn *conn)
{
    const size_t queued = conn->outbox.queued_bytes;
    const bool is_high = queued > conn->options->high_water_bytes ||
                         (conn->is_high && queued > conn->options->low_water_bytes);
    if (is_high == conn->is_high || !conn_can_send(conn)) {
        return;
    }
    conn->is_high = is_high;
    if (conn->handler->pressure) {
        conn_doing(conn, "pressure");
        conn->handler->pressure(conn, is_high);
    }
}

/* Decrypted bytes that were left for this turn. */
static void read_on(struct fc_conn *conn)
{
    if (conn->is_unread && !conn->is_paused) {
        conn_read(conn);
    }
}

/* What there is of the queue, as far as the socket takes it. */
static void flush(struct fc_conn *conn)
{
    if (conn->state == CONN_WEBSOCKET) {
        conn_ws_drain(conn); /* pongs go before the queue */
        if (conn->state == CONN_DEAD) {
            return;
        }
        list_remove(&conn->dirty); /* what it drained goes with this flush */
    }
    const bool was_queued = outbox_has_queued(&conn->outbox);
    write_all(conn);
    if (was_queued && !outbox_has_queued(&conn->outbox)) {
        tell_drained(conn);
    }
    if (conn->state == CONN_ANSWERED && !conn_has_unsent(conn)) {
        conn_answer_done(conn);
    } else if (conn->state == CONN_WEBSOCKET) {
        conn_ws_drain(conn);
    }
}

void conn_flush(struct fc_conn *conn)
{
    if (conn->state == CONN_DEAD || conn->state == CONN_SECURE) {
        return;
    }
    list_remove(&conn->gated); /* until may_begin() finds that it still has to wait */
    read_on(conn);
    if (!conn->is_blocked && conn->state != CONN_DEAD) { /* else the socket will say when */
        flush(conn);
    }
    if (conn->state == CONN_WEBSOCKET || conn->state == CONN_STREAM) {
        tell_pressure(conn);
    }
    if (conn->is_unread && !conn->is_paused) {
        conn_wants_flush(conn); /* flush() has taken back what read_on() asked for */
    }
    conn_update_watch(conn);
}
