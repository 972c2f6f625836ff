/* SPDX-License-Identifier: MIT */
/*
 * WebSocket. The engine parses, answers pings and knows about closing; the outbox sends. What the
 * engine wants sent are control frames: pongs go before the queue, the close frame after it.
 */
#include "net/conn.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/server.h"

#define MESSAGE_MAX_DEFAULT (64 * 1024)

static bool is_local_name_valid(const char *name)
{
    for (const char *at = name; *at; at++) {
        if (*at <= ' ' || *at > '~') {
            return false;
        }
    }
    return true;
}

static void refuse(struct fc_conn *conn, int status, const char *reason)
{
    server_count(conn->loop->server, SERVER_BAD_REQUESTS);
    if (status != 426) {
        conn_respond_error(conn, status, reason, "see RFC 6455 section 4.2.1");
        return;
    }
    char json[256];
    const int size =
        snprintf(json, sizeof(json),
                 "{\"error\": \"%s\", \"hint\": \"connect with a WebSocket client\"}\n", reason);
    conn->is_keep_alive = false;
    fc_conn_respond(conn, &(struct fc_response){
                              .status = status,
                              .content_type = "application/json",
                              .headers = "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n",
                              .content = { (const uint8_t *)json, (size_t)size },
                          });
}

/* What comes with the handshake must neither overtake the answer to it nor clear it away. */
static bool begin_answer(struct fc_conn *conn, const char *accept, const char *subprotocol)
{
    char head[FC_MESSAGE_HEAD_MAX];
    const int size = snprintf(head, sizeof(head),
                              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
                              accept, subprotocol ? "Sec-WebSocket-Protocol: " : "",
                              subprotocol ? subprotocol : "", subprotocol ? "\r\n" : "");
    assert(size > 0 && size < FC_MESSAGE_HEAD_MAX);
    struct fc_message *message = fc_message_new(
        &(struct fc_message_options){ .head = { (const uint8_t *)head, (size_t)size } });
    if (!message) {
        return false;
    }
    outbox_begin(&conn->outbox, message);
    fc_message_unref(&message);
    return true;
}

bool fc_conn_accept(struct fc_conn *conn, const struct fc_http_request *request,
                    const char *subprotocol, uint64_t message_max_bytes)
{
    if (conn->state != CONN_ANSWER) {
        return false;
    }
    assert(!subprotocol || is_local_name_valid(subprotocol));
    char accept[FC_WS_ACCEPT_SIZE];
    const char *reason = "";
    const int status = fc_ws_accept(request, accept, &reason);
    if (status) {
        refuse(conn, status, reason);
        return false;
    }
    const struct fc_server_options *options = server_options(conn->loop->server);
    conn->ws = fc_ws_new(&(struct fc_ws_options){
        .role = FC_WS_SERVER,
        .message_max_bytes = message_max_bytes ? message_max_bytes : MESSAGE_MAX_DEFAULT,
        .ping_every_ns = options->ping_every_ns,
        .input_space = { conn->loop->input, LOOP_INPUT_BYTES },
    });
    if (!conn->ws || !begin_answer(conn, accept, subprotocol)) {
        conn_kill(conn);
        return false;
    }
    conn_enter(conn, CONN_WEBSOCKET);
    conn_update_poll(conn);
    conn_wants_flush(conn);
    return true;
}

/* Take all that the engine has to say into one message. */
static struct fc_message *take_output(struct fc_ws *ws)
{
    const struct fc_bytes bytes = fc_ws_output(ws);
    struct fc_body *body = fc_body_new(bytes);
    struct fc_message *message =
        body ? fc_message_new(&(struct fc_message_options){ .body = body }) : NULL;
    fc_body_unref(&body);
    fc_ws_output_done(ws, message ? bytes.size : 0);
    return message;
}

/*
 * While the socket takes nothing, answers to pings stay in the engine, which keeps only the last,
 * so that a peer that sends pings and reads nothing does not fill the outbox.
 */
static bool may_take_output(const struct fc_conn *conn)
{
    return conn->state == CONN_WEBSOCKET && fc_ws_output(conn->ws).size > 0 &&
           !(conn->is_blocked && fc_ws_is_open(conn->ws));
}

void conn_ws_drain(struct fc_conn *conn)
{
    while (may_take_output(conn)) {
        struct fc_message *message = take_output(conn->ws);
        const bool is_queued =
            message && (fc_ws_is_open(conn->ws) ? outbox_push_front(&conn->outbox, message)
                                                : outbox_push(&conn->outbox, message));
        fc_message_unref(&message);
        if (!is_queued) {
            conn_kill(conn);
            return;
        }
        conn_wants_flush(conn);
    }
    if (conn->state == CONN_WEBSOCKET && fc_ws_is_done(conn->ws) &&
        !outbox_has_due(&conn->outbox)) {
        (void)shutdown(conn->fd, SHUT_WR);
        conn_enter(conn, CONN_LINGER);
        conn_update_poll(conn);
    }
}

static void on_close_event(struct fc_conn *conn)
{
    /* nobody will read what is queued; what has begun is finished, then the close frame */
    outbox_clear_slots(&conn->outbox);
    outbox_clear_queue(&conn->outbox);
}

bool conn_ws_events(struct fc_conn *conn)
{
    const struct fc_handler *handler = server_handler(conn->loop->server);
    struct fc_ws_event event;
    while (conn->state == CONN_WEBSOCKET && fc_ws_next_event(conn->ws, &event)) {
        switch (event.type) {
        case FC_WS_EVENT_MESSAGE:
            if (handler->message) {
                handler->message(conn, event.kind, event.payload);
            }
            break;
        case FC_WS_EVENT_CLOSE:
            on_close_event(conn);
            break;
        case FC_WS_EVENT_PING:
        case FC_WS_EVENT_PONG:
            break;
        }
    }
    return conn->state == CONN_WEBSOCKET;
}

bool conn_ws_input(struct fc_conn *conn, struct fc_bytes bytes)
{
    while (bytes.size > 0 && conn->state == CONN_WEBSOCKET) {
        const struct fc_space room = fc_ws_input(conn->ws);
        const size_t size = bytes.size < room.size ? bytes.size : room.size;
        if (size == 0) {
            break;
        }
        memmove(room.data, bytes.data, size); /* both may lie in the loop's buffer */
        fc_ws_input_done(conn->ws, size, conn->loop->now_ns);
        bytes.data += size;
        bytes.size -= size;
        if (!conn_ws_events(conn)) {
            return false;
        }
    }
    conn_ws_drain(conn);
    return conn->state == CONN_WEBSOCKET;
}

void fc_conn_close(struct fc_conn *conn, uint16_t code, const char *reason)
{
    if (conn->state != CONN_WEBSOCKET) {
        conn_kill(conn);
        return;
    }
    outbox_clear_slots(&conn->outbox);
    fc_ws_close(conn->ws, (enum fc_ws_code)code, reason, conn->loop->now_ns);
    conn_ws_drain(conn);
}
