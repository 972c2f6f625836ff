/* SPDX-License-Identifier: MIT */
/*
 * WebSocket. The engine parses, answers pings and knows about closing; the outbox sends. What the
 * engine wants sent are control frames: pongs go before the queue, the close frame after it.
 */
#include "net/conn.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/text.h"

#define SUBPROTOCOL_MAX 64
#define ANSWER_MAX_BYTES 4096
#define NS_PER_US 1000

/* An application may answer with what the client offered: it must be fit for a header. */
static bool is_subprotocol_valid(const char *name)
{
    size_t size = 0;
    while (name[size] > ' ' && name[size] <= '~' && name[size] != ',') {
        size++;
    }
    return name[size] == '\0' && size > 0 && size <= SUBPROTOCOL_MAX;
}

static void refuse(struct fc_conn *conn, int status, const char *reason)
{
    conn->host->count(conn->host, CONN_BAD_REQUESTS);
    conn_respond_error(conn, status, reason,
                       status == 426 ? "connect with a WebSocket client"
                                     : "see RFC 6455 section 4.2.1");
}

/* What is answered to a handshake that is in order. */
struct answer {
    char accept[FC_WS_ACCEPT_SIZE];
    char extensions[FC_DEFLATE_HEADER_SIZE];
    struct fc_deflate deflate;
};

static bool queue_answer(struct fc_conn *conn, const struct answer *answer,
                         const struct fc_accept_options *options)
{
    const bool is_extended = answer->deflate.is_on;
    char head[ANSWER_MAX_BYTES];
    const char *subprotocol = options->subprotocol;
    const int size =
        snprintf(head, sizeof(head),
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s%s%s%s%s\r\n",
                 answer->accept, is_extended ? "Sec-WebSocket-Extensions: " : "",
                 is_extended ? answer->extensions : "", is_extended ? "\r\n" : "",
                 subprotocol ? "Sec-WebSocket-Protocol: " : "", subprotocol ? subprotocol : "",
                 subprotocol ? "\r\n" : "", options->headers ? options->headers : "");
    assert(size > 0 && size < ANSWER_MAX_BYTES);
    struct fc_body *body = size > 0 && size < ANSWER_MAX_BYTES
                               ? fc_body_new((struct fc_bytes){ (uint8_t *)head, (size_t)size })
                               : NULL;
    struct fc_message *message =
        body ? fc_message_new(&(struct fc_message_options){ .body = body }) : NULL;
    fc_body_unref(&body);
    if (!message) {
        return false;
    }
    outbox_begin(&conn->outbox, message); /* no pong goes before it and no close clears it */
    fc_message_unref(&message);
    return true;
}

/* Options of its own for one connection. Errors: false without memory. */
static bool options_take(struct fc_conn *conn, const struct fc_conn_options *given)
{
    struct fc_conn_options *options = malloc(sizeof(*options));
    if (!options) {
        return false;
    }
    *options = *given;
    conn_options_inherit(options, conn->options);
    conn->options = options;
    conn->has_own_options = true;
    return true;
}

/* Whether what we send may be compressed with the largest window, as all our deflaters do. */
static bool may_deflate(const struct fc_deflate *deflate, bool is_server)
{
    const uint8_t bits =
        is_server ? deflate->server_max_window_bits : deflate->client_max_window_bits;
    return deflate->is_on && (bits == 0 || bits == FC_DEFLATE_WINDOW_BITS_MAX);
}

bool conn_ws_begin(struct fc_conn *conn, const struct fc_deflate *deflate)
{
    const struct fc_conn_options *options = conn->options;
    const bool is_server = conn->host->request != NULL;
    conn->is_deflated = deflate->is_on;
    conn->may_deflate = may_deflate(deflate, is_server);
    struct fc_ws_options ws_options = {
        .role = is_server ? FC_WS_SERVER : FC_WS_CLIENT,
        .deflate = *deflate,
        .inflater = deflate->is_on ? loop_inflater(conn->loop) : NULL,
        .message_max_bytes = options->message_max_bytes,
        .ping_every_ns = options->ping_every_ns,
        .pong_timeout_ns = options->pong_timeout_ns,
        .close_timeout_ns = options->close_timeout_ns,
        .may_hold_input = true,
        .input_space = { conn->loop->input, LOOP_INPUT_BYTES },
    };
    const size_t size = sizeof(ws_options.mask_secret);
    if (!is_server && getrandom(ws_options.mask_secret, size, 0) != (ssize_t)size) {
        return false;
    }
    conn->ws = fc_ws_new(&ws_options);
    return conn->ws != NULL;
}

void conn_ws_opened(struct fc_conn *conn)
{
    conn->is_opened = true;
    conn_enter(conn, CONN_WEBSOCKET);
    conn_update_watch(conn);
    conn_wants_flush(conn);
    if (conn->host->opened) {
        conn->host->opened(conn->host);
    }
    if (conn->handler->open) {
        conn_doing(conn, "open");
        conn->handler->open(conn);
    }
}

/* The status to refuse with, or 0. */
static int check(const struct fc_http_request *request, const struct fc_accept_options *options,
                 char accept[FC_WS_ACCEPT_SIZE], const char **reason)
{
    if (options->subprotocol && !is_subprotocol_valid(options->subprotocol)) {
        *reason = "the subprotocol is not a token of at most 64 characters";
        return 400;
    }
    return fc_ws_accept(request, accept, reason);
}

bool fc_conn_accept(struct fc_conn *conn, const struct fc_http_request *request,
                    const struct fc_accept_options *options)
{
    static const struct fc_accept_options defaults;
    options = options ? options : &defaults;
    if (conn->state != CONN_ANSWER) {
        return false;
    }
    struct answer answer = { .extensions = "" };
    const char *reason = "";
    const int status = check(request, options, answer.accept, &reason);
    if (status) {
        refuse(conn, status, reason);
        return false;
    }
    conn->handler = options->handler ? options->handler : conn->handler;
    conn->user = options->user ? options->user : conn->user;
    conn->subprotocol = options->subprotocol;
    if (options->conn && !options_take(conn, options->conn)) {
        conn_kill(conn);
        return false;
    }
    const enum fc_compression compression = conn->options->compression;
    if (compression > FC_COMPRESSION_OFF) {
        (void)fc_deflate_choose(request, compression == FC_COMPRESSION_TAKEOVER, &answer.deflate,
                                answer.extensions);
    }
    if (!conn_ws_begin(conn, &answer.deflate) || !queue_answer(conn, &answer, options)) {
        conn_kill(conn);
        return false;
    }
    conn_ws_opened(conn);
    return conn->state != CONN_DEAD;
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
 * While the socket takes nothing, the engine keeps what it has to say: there a newer pong replaces
 * the one before, so that a peer which only pings does not fill the queue.
 */
static bool drains_now(const struct fc_conn *conn)
{
    return conn->state == CONN_WEBSOCKET && fc_ws_output(conn->ws).size > 0 &&
           !(conn->is_blocked && fc_ws_is_open(conn->ws));
}

void conn_ws_drain(struct fc_conn *conn)
{
    while (drains_now(conn)) {
        struct fc_message *message = take_output(conn->ws);
        const bool is_last = !fc_ws_is_open(conn->ws);
        const bool is_queued = message && (is_last ? outbox_push_last(&conn->outbox, message)
                                                   : outbox_push_front(&conn->outbox, message));
        fc_message_unref(&message);
        if (!is_queued) {
            conn_kill(conn);
            return;
        }
        conn->has_close_frame = is_last;
        conn_wants_flush(conn);
    }
    if (conn->state == CONN_WEBSOCKET && fc_ws_is_done(conn->ws) && !conn_has_unsent(conn)) {
        conn_linger(conn);
        conn_update_watch(conn);
    }
}

static void on_close_event(struct fc_conn *conn, const struct fc_ws_event *event)
{
    conn->close_code = event->code;
    if (event->payload.size > 0) {
        conn->close_reason = text_copy(event->payload);
    }
    /* what was queued reliably before the peer closed goes before our close frame; after a failure
       nobody will read it: what has begun is finished */
    outbox_clear_slots(&conn->outbox);
    if (!conn->has_close_frame && !event->is_clean) {
        outbox_clear_queue(&conn->outbox);
    }
}

static void on_message(struct fc_conn *conn, const struct fc_ws_event *event)
{
    if (conn->handler->message) {
        conn_doing(conn, "message");
        conn->handler->message(conn, event->kind, event->payload);
    }
}

static void on_pong(struct fc_conn *conn, const struct fc_ws_event *event)
{
    if (event->rtt_ns < 0) {
        return; /* it answers none of ours */
    }
    const int64_t rtt_us = event->rtt_ns / NS_PER_US;
    conn->rtt_us = rtt_us < UINT32_MAX ? (uint32_t)rtt_us : UINT32_MAX - 1;
    if (conn->handler->pong) {
        conn_doing(conn, "pong");
        conn->handler->pong(conn, event->rtt_ns);
    }
}

bool conn_ws_events(struct fc_conn *conn)
{
    struct fc_ws_event event;
    while (conn->state == CONN_WEBSOCKET && fc_ws_next_event(conn->ws, &event)) {
        switch (event.type) {
        case FC_WS_EVENT_MESSAGE:
            on_message(conn, &event);
            break;
        case FC_WS_EVENT_CLOSE:
            on_close_event(conn, &event);
            break;
        case FC_WS_EVENT_PONG:
            on_pong(conn, &event);
            break;
        case FC_WS_EVENT_PING:
            break;
        }
    }
    return conn->state == CONN_WEBSOCKET;
}

bool conn_ws_input(struct fc_conn *conn, struct fc_bytes bytes)
{
    conn_claim_input(conn);
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

bool fc_conn_ping(struct fc_conn *conn)
{
    if (conn->state != CONN_WEBSOCKET || !fc_ws_ping(conn->ws, conn->loop->now_ns)) {
        return false;
    }
    conn_wants_flush(conn);
    return true;
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
