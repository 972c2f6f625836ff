/* SPDX-License-Identifier: MIT */
/*
 * Bytes in. A request head is parsed where it was read, in the loop's own buffer, and copied only
 * when it came in pieces. A WebSocket's bytes land where its engine says; the beginning of a
 * message may stay in the loop's buffer until another connection claims it.
 */
#include "net/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_PER_TURN (1024 * 1024) /* then the others have their turn */

static void input_drop(struct fc_conn *conn)
{
    free(conn->input);
    conn->input = NULL;
}

/* Keep bytes for later; rest may point into the input itself. */
static bool input_keep(struct fc_conn *conn, struct fc_bytes rest, size_t scanned)
{
    if (rest.size == 0) {
        input_drop(conn);
        return true;
    }
    if (!conn->input) {
        conn->input = malloc(sizeof(*conn->input));
        if (!conn->input) {
            return false;
        }
    }
    memmove(conn->input->data, rest.data, rest.size);
    conn->input->size = rest.size;
    conn->input->scanned = scanned;
    return true;
}

static const char *head_error(int status)
{
    switch (status) {
    case 414:
        return "the address is too long";
    case 431:
        return "the request has too many or too long headers";
    case 501:
        return "the request uses a transfer coding that is not supported";
    case 505:
        return "the request is not HTTP/1.1";
    default:
        return "the request is not valid HTTP/1.1";
    }
}

static void request_take(struct fc_conn *conn, const struct fc_http_request *request)
{
    conn->is_keep_alive = request->is_keep_alive && !request->is_chunked &&
                          request->content_length == 0 && !conn->loop->stop_at_ns;
    conn->is_head_request = request->method == FC_HTTP_HEAD;
    conn->is_http_1_0 = request->minor_version == 0;
    conn_enter(conn, CONN_ANSWER);
    conn_doing(conn, "request");
    conn->host->request(conn, request);
}

/* What follows a head: the next request, or the first frames. May lie in the input. */
static void rest_take(struct fc_conn *conn, struct fc_bytes rest)
{
    if (conn->state == CONN_WEBSOCKET) {
        struct conn_input *input = conn->input;
        conn->input = NULL;
        if (rest.size > 0) {
            (void)conn_ws_input(conn, rest);
        }
        free(input);
    } else if (conn->state != CONN_DEAD) {
        const struct fc_bytes next = conn->is_keep_alive ? rest : (struct fc_bytes){ 0 };
        if (!input_keep(conn, next, 0)) {
            conn_kill(conn);
        }
    }
}

/* A head is not complete: keep what there is of it. */
static void head_keep(struct fc_conn *conn, struct fc_bytes bytes, size_t scanned, bool is_new)
{
    if (!input_keep(conn, bytes, scanned)) {
        conn_kill(conn);
    } else if (is_new && conn->written > 0) { /* no longer the time between requests */
        conn->deadline_ns = conn->loop->now_ns + conn->host->head_timeout_ns;
    }
}

/* Parse one request head from all bytes at hand. */
static void request_parse(struct fc_conn *conn, struct fc_bytes bytes)
{
    size_t scanned = conn->input ? conn->input->scanned : 0;
    const bool is_new = scanned == 0;
    size_t head_bytes = 0;
    int status = 400;
    struct fc_http_request request;
    switch (fc_http_request_parse(bytes, &scanned, &request, &head_bytes, &status)) {
    case FC_HTTP_STEP_MORE:
        head_keep(conn, bytes, scanned, is_new);
        return;
    case FC_HTTP_STEP_FAIL:
        conn->host->count(conn->host, CONN_BAD_REQUESTS);
        conn_respond_error(conn, status, head_error(status), "see RFC 9112");
        return;
    case FC_HTTP_STEP_DONE:
        request_take(conn, &request);
        rest_take(conn, (struct fc_bytes){ bytes.data + head_bytes, bytes.size - head_bytes });
        return;
    }
}

/* The answer to our hello. Until it is complete, nothing else can have come. */
static void answer_parse(struct fc_conn *conn, struct fc_bytes bytes)
{
    size_t scanned = conn->input ? conn->input->scanned : 0;
    size_t head_bytes = 0;
    struct fc_http_response response;
    switch (fc_http_response_parse(bytes, &scanned, &response, &head_bytes)) {
    case FC_HTTP_STEP_MORE:
        if (!input_keep(conn, bytes, scanned)) {
            conn_kill(conn);
        }
        return;
    case FC_HTTP_STEP_FAIL:
        conn_refuse(conn, "what answers there is not HTTP/1.1", true);
        return;
    case FC_HTTP_STEP_DONE:
        conn_hello_answered(conn, &response);
        rest_take(conn, (struct fc_bytes){ bytes.data + head_bytes, bytes.size - head_bytes });
        return;
    }
}

static void head_parse(struct fc_conn *conn, struct fc_bytes bytes)
{
    if (conn->state == CONN_HEAD) {
        request_parse(conn, bytes);
    } else {
        answer_parse(conn, bytes);
    }
}

static void read_head(struct fc_conn *conn)
{
    struct fc_space room = { conn->loop->input, FC_HTTP_HEAD_MAX_BYTES };
    const size_t kept = conn->input ? conn->input->size : 0;
    if (conn->input) {
        room.data = conn->input->data + kept;
        room.size = sizeof(conn->input->data) - kept;
    }
    const long size = conn_receive(conn, room);
    if (size == 0 && conn->hello && conn->tls && tls_reason(conn->tls)[0]) {
        conn_refuse_tls(conn); /* in TLS 1.3 the server refuses a client after the handshake */
    } else if (size == 0 && conn->hello) {
        conn_refuse(conn, "the other side hung up during the opening handshake", false);
    } else if (size == 0) {
        conn_kill(conn);
    } else if (size > 0) {
        head_parse(conn, (struct fc_bytes){ room.data - kept, kept + (size_t)size });
    }
}

/* An endless answer, or an ended one: what the client still says does not matter, only its end. */
static void read_and_discard(struct fc_conn *conn)
{
    const struct fc_space room = { conn->loop->input, LOOP_INPUT_BYTES };
    if (conn_receive(conn, room) == 0) {
        conn_kill(conn);
    }
}

/* Whether another read would find nothing, because less came than there was room for, or must not
 * come. */
static bool is_read_out(const struct fc_conn *conn, size_t size, size_t room)
{
    return conn->is_paused || (!conn->tls && size < room);
}

static void read_ws(struct fc_conn *conn)
{
    for (size_t taken = 0; taken < BYTES_PER_TURN;) {
        struct fc_space parts[FC_WS_INPUT_PARTS];
        const uint32_t count = fc_ws_input_parts(conn->ws, parts);
        if (count == 0) {
            read_and_discard(conn); /* closing: the engine wants no more, but the end matters */
            return;
        }
        const long size = conn_receive_parts(conn, parts, count);
        if (size < 0) {
            break;
        }
        fc_ws_input_done(conn->ws, (size_t)size, conn->loop->now_ns);
        if (!conn_ws_events(conn)) {
            return;
        }
        if (size == 0) {
            conn_kill(conn);
            return;
        }
        taken += (size_t)size;
        const size_t room = parts[0].size + (count > 1 ? parts[1].size : 0);
        if (is_read_out(conn, (size_t)size, room)) {
            break;
        }
    }
    conn_ws_drain(conn);
}

void conn_claim_input(struct fc_conn *conn)
{
    struct fc_conn *holder = conn->loop->input_holder;
    if (holder && holder != conn && !fc_ws_input_release(holder->ws)) {
        (void)conn_ws_events(holder);
        conn_ws_drain(holder);
    }
    conn->loop->input_holder = conn->ws ? conn : NULL;
}

void conn_read(struct fc_conn *conn)
{
    conn_claim_input(conn);
    switch ((enum conn_state)conn->state) {
    case CONN_HEAD:
    case CONN_PROXY:
    case CONN_UPGRADE:
        read_head(conn);
        break;
    case CONN_STREAM:
    case CONN_LINGER:
        read_and_discard(conn);
        break;
    case CONN_WEBSOCKET:
        read_ws(conn);
        break;
    case CONN_SECURE:
    case CONN_ANSWER:
    case CONN_ANSWERED:
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        break;
    }
    if (conn->is_unread) {
        conn_wants_flush(conn); /* which reads on, in the next turn */
    }
    conn_update_watch(conn);
}

void fc_conn_pause(struct fc_conn *conn)
{
    conn->is_paused = true;
    conn_update_watch(conn);
}

void fc_conn_resume(struct fc_conn *conn)
{
    conn->is_paused = false;
    if (conn->is_unread) {
        conn_wants_flush(conn);
    }
    conn_update_watch(conn);
}

void conn_answer_done(struct fc_conn *conn)
{
    if (!conn->is_keep_alive) {
        conn_linger(conn);
        return;
    }
    conn_enter(conn, CONN_HEAD);
    conn->is_head_request = false; /* of an error that answers what is no request */
    conn->deadline_ns = conn->loop->now_ns + conn->host->keep_alive_ns;
    if (conn->input) { /* the next request came with the last one */
        head_parse(conn, (struct fc_bytes){ conn->input->data, conn->input->size });
    }
}
