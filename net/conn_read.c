/* SPDX-License-Identifier: MIT */
/*
 * Bytes in. A request head is parsed where it was read, in the loop's own buffer, and copied only
 * when it came in pieces. A WebSocket's bytes land where its engine says.
 */
#include "net/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/server.h"

#define READS_PER_TURN 4 /* then the others have their turn */

/* Read into room; -1: nothing now, 0: end or error, else the size. */
static long receive(struct fc_conn *conn, struct fc_space room)
{
    for (;;) {
        const ssize_t size = recv(conn->fd, room.data, room.size, MSG_DONTWAIT);
        if (size >= 0) {
            return size;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return -1;
        }
        if (errno != EINTR) {
            return 0;
        }
    }
}

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
    const struct fc_handler *handler = server_handler(conn->loop->server);
    if (handler->request) {
        conn->loop->doing = "request";
        handler->request(conn, request);
    } else {
        conn_respond_error(conn, 404, "there is nothing here", "");
    }
}

/* Parse one head from all bytes at hand; what follows it is kept or given to the engine. */
static void head_parse(struct fc_conn *conn, struct fc_bytes bytes)
{
    size_t scanned = conn->input ? conn->input->scanned : 0;
    const bool is_new = scanned == 0;
    size_t head_bytes = 0;
    int status = 400;
    struct fc_http_request request;
    switch (fc_http_request_parse(bytes, &scanned, &request, &head_bytes, &status)) {
    case FC_HTTP_STEP_MORE:
        if (!input_keep(conn, bytes, scanned)) {
            conn_kill(conn);
        } else if (is_new && conn->written > 0) { /* no longer the time between requests */
            conn->deadline_ns =
                conn->loop->now_ns + server_options(conn->loop->server)->head_timeout_ns;
        }
        return;
    case FC_HTTP_STEP_FAIL:
        server_count(conn->loop->server, SERVER_BAD_REQUESTS);
        conn_respond_error(conn, status, head_error(status), "see RFC 9112");
        return;
    case FC_HTTP_STEP_DONE:
        break;
    }
    request_take(conn, &request);
    if (conn->state == CONN_DEAD) {
        return;
    }
    const struct fc_bytes rest = { bytes.data + head_bytes, bytes.size - head_bytes };
    if (conn->state != CONN_WEBSOCKET) {
        const struct fc_bytes next = conn->is_keep_alive ? rest : (struct fc_bytes){ 0 };
        if (!input_keep(conn, next, 0)) {
            conn_kill(conn);
        }
        return;
    }
    struct conn_input *input = conn->input; /* rest may lie in it */
    conn->input = NULL;
    if (rest.size > 0) {
        (void)conn_ws_input(conn, rest);
    }
    free(input);
}

static void read_head(struct fc_conn *conn)
{
    struct fc_space room = { conn->loop->input, FC_HTTP_HEAD_MAX_BYTES };
    const size_t kept = conn->input ? conn->input->size : 0;
    if (conn->input) {
        room.data = conn->input->data + kept;
        room.size = sizeof(conn->input->data) - kept;
    }
    const long size = receive(conn, room);
    if (size == 0) {
        conn_kill(conn);
    } else if (size > 0) {
        head_parse(conn, (struct fc_bytes){ room.data - kept, kept + (size_t)size });
    }
}

/* An endless answer, or an ended one: what the client still says does not matter, only its end. */
static void read_and_discard(struct fc_conn *conn)
{
    const struct fc_space room = { conn->loop->input, LOOP_INPUT_BYTES };
    if (receive(conn, room) == 0) {
        conn_kill(conn);
    }
}

static void read_ws(struct fc_conn *conn)
{
    for (int i = 0; i < READS_PER_TURN; i++) {
        const struct fc_space room = fc_ws_input(conn->ws);
        if (room.size == 0) {
            read_and_discard(conn); /* closing: the engine wants no more, but the end matters */
            return;
        }
        const long size = receive(conn, room);
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
        if ((size_t)size < room.size) {
            break;
        }
    }
    conn_ws_drain(conn);
}

void conn_read(struct fc_conn *conn)
{
    switch (conn->state) {
    case CONN_HEAD:
        read_head(conn);
        break;
    case CONN_STREAM:
    case CONN_LINGER:
        read_and_discard(conn);
        break;
    case CONN_WEBSOCKET:
        read_ws(conn);
        break;
    case CONN_ANSWER:
    case CONN_ANSWERED:
    case CONN_DEAD:
    case CONN_STATE_COUNT:
        break;
    }
    conn_update_poll(conn);
}

void conn_answer_done(struct fc_conn *conn)
{
    if (!conn->is_keep_alive) {
        (void)shutdown(conn->fd, SHUT_WR);
        conn_enter(conn, CONN_LINGER);
        return;
    }
    conn_enter(conn, CONN_HEAD);
    conn->is_head_request = false; /* of an error that answers what is no request */
    conn->deadline_ns = conn->loop->now_ns + server_options(conn->loop->server)->keep_alive_ns;
    if (conn->input) { /* the next request came with the last one */
        head_parse(conn, (struct fc_bytes){ conn->input->data, conn->input->size });
    }
}
