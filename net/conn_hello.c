/* SPDX-License-Identifier: MIT */
/*
 * A client's opening handshake (RFC 6455 section 4.1): CONNECT to the proxy if there is one, TLS if
 * it is wss, then the upgrade. Each step begins when the one before is done.
 */
#include "net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/conn_hello.h"

#define REQUEST_MAX_BYTES 16384
#define OFFER_MAX_BYTES 1024
#define WHY_SIZE 320

void conn_hello_free(struct conn_hello **hello)
{
    struct conn_hello *h = *hello;
    *hello = NULL;
    if (h) {
        fc_tls_unref(&h->tls);
        free(h);
    }
}

void conn_refuse(struct fc_conn *conn, const char *why, bool is_final)
{
    struct conn_host *host = conn->host;
    conn_kill(conn);
    host->refused(host, why, is_final);
}

/* Queue a request; length is what snprintf() said of it. */
static bool say(struct fc_conn *conn, const char *request, int length)
{
    if (length < 0 || length >= REQUEST_MAX_BYTES) {
        conn_refuse(conn, "the request is too long; shorten the address or the headers", true);
        return false;
    }
    const struct fc_bytes bytes = { (const uint8_t *)request, (size_t)length };
    struct fc_body *body = fc_body_new(bytes);
    struct fc_message *message =
        body ? fc_message_new(&(struct fc_message_options){ .body = body }) : NULL;
    const bool is_queued = message && outbox_push(&conn->outbox, message);
    fc_message_unref(&message);
    fc_body_unref(&body);
    if (!is_queued) {
        conn_refuse(conn, "out of memory", false);
        return false;
    }
    conn_wants_flush(conn);
    return true;
}

static void ask_proxy(struct fc_conn *conn)
{
    const struct conn_hello *hello = conn->hello;
    char request[REQUEST_MAX_BYTES];
    char target[URL_TARGET_SIZE];
    url_format_target(hello->url, target);
    const int length =
        snprintf(request, sizeof(request), "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target,
                 target, hello->proxy_headers);
    if (say(conn, request, length)) {
        conn_enter(conn, CONN_PROXY);
    }
}

/* "Sec-WebSocket-Protocol: a, b\r\n", or nothing. */
static bool format_offer(const struct conn_hello *hello, char out[OFFER_MAX_BYTES])
{
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0; hello->subprotocols && hello->subprotocols[i]; i++) {
        const int more =
            snprintf(out + size, OFFER_MAX_BYTES - size, "%s%s",
                     i == 0 ? "Sec-WebSocket-Protocol: " : ", ", hello->subprotocols[i]);
        size += (size_t)more;
        if (size + sizeof("\r\n") > OFFER_MAX_BYTES) {
            return false;
        }
    }
    if (size > 0) {
        memcpy(out + size, "\r\n", sizeof("\r\n"));
    }
    return true;
}

static void ask_server(struct fc_conn *conn)
{
    struct conn_hello *hello = conn->hello;
    char request[REQUEST_MAX_BYTES];
    char offer[OFFER_MAX_BYTES];
    uint8_t random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random) ||
        !format_offer(hello, offer)) {
        conn_refuse(conn, "the subprotocols are too long, or the system gives no random bytes",
                    true);
        return;
    }
    fc_ws_key_make(random, hello->key);
    char extensions[FC_DEFLATE_HEADER_SIZE] = "";
    if (conn->options->compression > FC_COMPRESSION_OFF) {
        fc_deflate_offer(conn->options->compression == FC_COMPRESSION_TAKEOVER, &hello->deflate,
                         extensions);
    }
    const int length = snprintf(request, sizeof(request),
                                "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: %s\r\n%s%s%s%s%s\r\n",
                                hello->url->path, hello->url->authority, hello->key,
                                extensions[0] ? "Sec-WebSocket-Extensions: " : "", extensions,
                                extensions[0] ? "\r\n" : "", offer, hello->headers);
    if (say(conn, request, length)) {
        conn_enter(conn, CONN_UPGRADE);
    }
}

static void secure(struct fc_conn *conn)
{
    const int err = tls_open(&conn->tls, conn->hello->tls, conn->watch.fd, conn->hello->url->host);
    if (err) {
        if (err == -EINVAL) {
            conn_refuse(conn, "TLS: the host in the address cannot be the name of a server", true);
        } else {
            conn_refuse(conn, "TLS: out of memory", false);
        }
        return;
    }
    conn->hello->is_secured = true; /* or the connection will be over */
    conn_enter(conn, CONN_SECURE);
    conn_secure(conn);
}

void conn_hello_begin(struct fc_conn *conn)
{
    const struct conn_hello *hello = conn->hello;
    if (hello->proxy && !hello->is_through) {
        ask_proxy(conn);
    } else if (hello->tls && !hello->is_secured) {
        secure(conn);
    } else {
        ask_server(conn);
    }
}

/* ---- what is answered ---- */

/* What a status other than the one hoped for means. Some may pass; others will be the same. */
static void on_status(struct fc_conn *conn, const char *who, int status)
{
    const bool is_temporary = status == 408 || status == 425 || status == 429 || status >= 500;
    const char *hint = status >= 300 && status < 400 ? "; redirects are not followed" : "";
    char why[WHY_SIZE];
    snprintf(why, sizeof(why), "the %s answered %d %s%s", who, status, fc_http_reason(status),
             hint);
    conn_refuse(conn, why, !is_temporary);
}

static void on_proxy_answer(struct fc_conn *conn, const struct fc_http_response *response)
{
    if (response->status < 200 || response->status > 299) {
        on_status(conn, "proxy", response->status);
        return;
    }
    conn->hello->is_through = true;
    conn_hello_begin(conn);
}

static bool is_value(const struct fc_bytes *value, const char *text)
{
    return value->size == strlen(text) && memcmp(value->data, text, value->size) == 0;
}

/* The one of ours that the server chose, if it chose one. */
static const char *chosen_subprotocol(const struct conn_hello *hello,
                                      const struct fc_http_response *response)
{
    const struct fc_bytes *value =
        fc_http_header_find(response->headers, response->header_count, "Sec-WebSocket-Protocol");
    for (size_t i = 0; value && hello->subprotocols && hello->subprotocols[i]; i++) {
        if (is_value(value, hello->subprotocols[i])) {
            return hello->subprotocols[i];
        }
    }
    return NULL;
}

static void on_server_answer(struct fc_conn *conn, const struct fc_http_response *response)
{
    if (response->status != 101) {
        on_status(conn, "server", response->status);
        return;
    }
    const char *reason = NULL;
    const char *subprotocol = chosen_subprotocol(conn->hello, response);
    struct fc_deflate *deflate = &conn->hello->deflate;
    if (!fc_ws_response_check(response, conn->hello->key, subprotocol,
                              deflate->is_on ? deflate : NULL, &reason)) {
        conn_refuse(conn, reason, true);
        return;
    }
    conn->subprotocol = subprotocol;
    if (!conn_ws_begin(conn, deflate)) {
        conn_refuse(conn, "out of memory", false);
        return;
    }
    conn_hello_free(&conn->hello);
    conn_ws_opened(conn);
}

void conn_hello_answered(struct fc_conn *conn, const struct fc_http_response *response)
{
    if (conn->state == CONN_PROXY) {
        on_proxy_answer(conn, response);
    } else {
        on_server_answer(conn, response);
    }
}
