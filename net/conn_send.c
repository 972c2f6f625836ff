/* SPDX-License-Identifier: MIT */
/*
 * What the application wants sent. A message is made for a server's connections, whose frames are
 * not masked and so equal for all; a client's are masked one by one.
 */
#include "net/conn.h"

#include <assert.h>
#include <string.h>

#include "net/message.h"

#define MESSAGE_OVERHEAD_BYTES ((size_t)64)

/* The form of a message that goes to this connection. Gives; NULL without memory. */
static struct fc_message *form_for(struct fc_conn *conn, struct fc_message *message)
{
    struct fc_message *form = conn->may_deflate && message->deflated ? message->deflated : message;
    if (conn->state == CONN_WEBSOCKET && !conn->host->request) {
        return message_new_masked(form, conn->ws);
    }
    return fc_message_ref(form);
}

/* Small messages cost more than their bytes. A large one may go when none waits before it. */
static bool has_room(const struct fc_conn *conn, const struct fc_message *message)
{
    const size_t count = outbox_queued_count(&conn->outbox);
    const size_t waiting = conn->outbox.queued_bytes + count * MESSAGE_OVERHEAD_BYTES;
    return count == 0 || waiting + fc_message_size(message) + MESSAGE_OVERHEAD_BYTES <=
                             conn->options->queue_max_bytes;
}

static bool give_up(struct fc_conn *conn)
{
    conn->host->count(conn->host, CONN_CLOSED_SLOW);
    outbox_clear_queue(&conn->outbox);
    outbox_clear_slots(&conn->outbox);
    fc_conn_close(conn, FC_WS_CODE_TRY_LATER, "you read more slowly than messages come");
    return false;
}

bool fc_conn_send(struct fc_conn *conn, struct fc_message *message)
{
    if (!conn_can_send(conn)) {
        return false;
    }
    struct fc_message *form = form_for(conn, message);
    const bool is_queued = form && has_room(conn, form) && outbox_push(&conn->outbox, form);
    fc_message_unref(&form);
    if (!is_queued) {
        return give_up(conn);
    }
    conn_wants_flush(conn);
    return true;
}

static bool send_and_unref(struct fc_conn *conn, struct fc_message *message)
{
    if (!message) {
        conn_kill(conn);
        return false;
    }
    const bool is_sent = fc_conn_send(conn, message);
    fc_message_unref(&message);
    return is_sent;
}

bool fc_conn_send_bytes(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload,
                        enum fc_compress compress)
{
    if (!conn_can_send(conn)) {
        return false;
    }
    struct fc_message *message = NULL;
    if (conn->may_deflate && compress == FC_COMPRESS_AUTO) {
        struct fc_deflater *deflater = fc_loop_deflater(conn->loop);
        message = deflater ? message_new_deflated(kind, payload, deflater) : NULL;
    }
    return send_and_unref(conn, message ? message : fc_message_new_ws(kind, payload));
}

bool fc_conn_send_text(struct fc_conn *conn, const char *text)
{
    const struct fc_bytes payload = { (const uint8_t *)text, strlen(text) };
    return fc_conn_send_bytes(conn, FC_WS_TEXT, payload, FC_COMPRESS_AUTO);
}

bool fc_conn_send_part(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes part,
                       bool is_last)
{
    if (conn->state != CONN_WEBSOCKET || !conn_can_send(conn)) {
        return false;
    }
    const bool is_first = !outbox_is_in_parts(&conn->outbox);
    struct fc_message *frame = message_new_part(is_first ? kind : 0, part, is_last);
    struct fc_message *form = frame ? form_for(conn, frame) : NULL;
    const bool is_queued =
        form && has_room(conn, form) && outbox_push_part(&conn->outbox, form, is_last);
    fc_message_unref(&form);
    fc_message_unref(&frame);
    if (!is_queued) {
        return give_up(conn);
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
    if (!slot_is_valid(slot) || !conn_can_send(conn)) {
        return false;
    }
    struct fc_message *form = form_for(conn, message);
    const bool is_put = form && outbox_put(&conn->outbox, slot, form);
    fc_message_unref(&form);
    if (!is_put) {
        conn_kill(conn);
        return false;
    }
    conn_wants_flush(conn);
    return true;
}

void fc_conn_hold(struct fc_conn *conn, uint32_t slot, bool is_held)
{
    if (!slot_is_valid(slot) || conn->state == CONN_DEAD) {
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
