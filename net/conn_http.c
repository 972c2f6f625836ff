/* SPDX-License-Identifier: MIT */
/* Answers to requests: one head, and content that ends or does not. */
#include "net/conn.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEAD_SIZE 2048

static const char *connection_header(const struct fc_conn *conn, bool is_endless)
{
    if (is_endless || !conn->is_keep_alive) {
        return "Connection: close\r\n";
    }
    return conn->is_http_1_0 ? "Connection: keep-alive\r\n" : "";
}

/* Whether an answer of that status has content at all; RFC 9110 section 6.4.1. */
static bool may_have_content(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* The size of the head; 0 when it does not fit, which is a mistake of the application's. */
static size_t format_head(const struct fc_conn *conn, const struct fc_response *response,
                          bool is_endless, size_t content_size, char head[HEAD_SIZE])
{
    const int status = response->status ? response->status : 200;
    char date[40];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
    char length[48] = "";
    if (!is_endless && may_have_content(status)) {
        snprintf(length, sizeof(length), "Content-Length: %zu\r\n", content_size);
    }
    const int size = snprintf(
        head, HEAD_SIZE, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: framecast\r\n%s%s%s%s%s%s\r\n",
        status, fc_http_reason(status), date, response->content_type ? "Content-Type: " : "",
        response->content_type ? response->content_type : "", response->content_type ? "\r\n" : "",
        length, connection_header(conn, is_endless), response->headers ? response->headers : "");
    assert(size > 0 && size < HEAD_SIZE);
    return size > 0 && size < HEAD_SIZE ? (size_t)size : 0;
}

/* Queue a copy of bytes, or a shared body, as they are. */
static bool queue_raw(struct fc_conn *conn, struct fc_bytes bytes, struct fc_body *shared)
{
    struct fc_body *body = shared ? fc_body_ref(shared) : fc_body_new(bytes);
    struct fc_message *message =
        body ? fc_message_new(&(struct fc_message_options){ .body = body }) : NULL;
    const bool is_queued = message && outbox_push(&conn->outbox, message);
    fc_message_unref(&message);
    fc_body_unref(&body);
    return is_queued;
}

static bool queue_answer(struct fc_conn *conn, const struct fc_response *response, bool is_endless)
{
    const struct fc_bytes content =
        response->body ? fc_body_bytes(response->body) : response->content;
    char head[HEAD_SIZE];
    const size_t size = format_head(conn, response, is_endless, content.size, head);
    const bool has_content = content.size > 0 && !conn->is_head_request &&
                             may_have_content(response->status ? response->status : 200);
    return size > 0 && queue_raw(conn, (struct fc_bytes){ (const uint8_t *)head, size }, NULL) &&
           (!has_content || queue_raw(conn, content, response->body));
}

static void respond(struct fc_conn *conn, const struct fc_response *response)
{
    if (!queue_answer(conn, response, false)) {
        conn_kill(conn);
        return;
    }
    conn_enter(conn, CONN_ANSWERED);
    conn_update_watch(conn);
    conn_wants_flush(conn);
}

void fc_conn_respond(struct fc_conn *conn, const struct fc_response *response)
{
    if (conn->state == CONN_ANSWER) { /* else it came too late, or twice */
        respond(conn, response);
    }
}

void fc_conn_stream(struct fc_conn *conn, const struct fc_response *response)
{
    if (conn->state != CONN_ANSWER) {
        return;
    }
    conn->is_keep_alive = false;
    if (!queue_answer(conn, response, true)) {
        conn_kill(conn);
        return;
    }
    conn->is_opened = true;
    conn_enter(conn, conn->is_head_request ? CONN_ANSWERED : CONN_STREAM);
    conn_update_watch(conn);
    conn_wants_flush(conn);
}

void fc_conn_finish(struct fc_conn *conn)
{
    if (conn->state != CONN_STREAM) {
        return;
    }
    outbox_clear_slots(&conn->outbox);
    conn_enter(conn, CONN_ANSWERED);
    conn_update_watch(conn);
    conn_wants_flush(conn);
}

/* What some errors must or should carry; RFC 9110 sections 15.5.6, 15.5.22, 15.6.4, RFC 6585. */
static const char *error_headers(int status)
{
    switch (status) {
    case 405:
        return "Allow: GET\r\n";
    case 426:
        return "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    case 429:
    case 503:
        return "Retry-After: 5\r\n";
    default:
        return NULL;
    }
}

void conn_respond_error(struct fc_conn *conn, int status, const char *error, const char *hint)
{
    if (conn->state != CONN_ANSWER && conn->state != CONN_HEAD) {
        return;
    }
    char json[512];
    const int size =
        snprintf(json, sizeof(json), "{\"error\": \"%s\", \"hint\": \"%s\"}\n", error, hint);
    conn->is_keep_alive = false;
    respond(conn, &(struct fc_response){
                      .status = status,
                      .content_type = "application/json",
                      .headers = error_headers(status),
                      .content = { (const uint8_t *)json, (size_t)size },
                  });
}
