/* SPDX-License-Identifier: MIT */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <framecast/handshake.h>

#include "base/clock.h"

/*
 * The engine does the protocol; here are only the socket and the waiting. What the server sent in
 * the same packet as the end of its handshake is kept in `early` and given to the engine first.
 */

#define REQUEST_SIZE 4096
#define GOODBYE_NS NS_PER_S
#define PING_EVERY_NS (20 * NS_PER_S)

struct client {
    struct fc_ws *ws;
    int fd;
    int interrupt_fd;
    size_t early_at, early_size;
    uint8_t early[FC_HTTP_HEAD_MAX_BYTES];
};

/* Opening */

static int fail(const struct dial *dial, int err, const char *path, const char *reason)
{
    snprintf(dial->why, dial->why_size, "no WebSocket at %.200s%.200s: %s", dial->url->authority,
             path, reason);
    return err;
}

/* What an answer other than 101 means. Too busy may pass; everything else will be the same. */
static int refusal(const struct dial *dial, const char *path, int status)
{
    char reason[128];
    const bool is_temporary = status == 429 || status >= 500;
    snprintf(reason, sizeof(reason), "the server answered %d %s%s", status, fc_http_reason(status),
             status == 404 ? "; GET /streams there lists its streams" : "");
    return fail(dial, is_temporary ? -EAGAIN : -EPROTO, path, reason);
}

static int handshake(const struct dial *dial, int fd, const char *path, const char *subprotocol,
                     struct dial_answer *answer)
{
    uint8_t random[16];
    char key[FC_WS_KEY_SIZE];
    char request[REQUEST_SIZE];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return fail(dial, -EIO, path, "the system gives no random bytes");
    }
    fc_ws_key_make(random, key);
    const int len =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: %s\r\n%s%s%s\r\n",
                 path, dial->url->authority, key, subprotocol ? "Sec-WebSocket-Protocol: " : "",
                 subprotocol ? subprotocol : "", subprotocol ? "\r\n" : "");
    if (len < 0 || (size_t)len >= sizeof(request)) {
        return fail(dial, -EPROTO, path, "the address is too long");
    }

    const int err = dial_request(dial, fd, request, answer);
    if (err) {
        return err;
    }
    if (answer->head.status != 101) {
        return refusal(dial, path, answer->head.status);
    }
    const char *reason = NULL;
    if (!fc_ws_response_check(&answer->head, key, subprotocol, NULL, &reason)) {
        return fail(dial, -EPROTO, path, reason);
    }
    /* RFC 6455 lets a server leave the subprotocol out; then it would not understand us. */
    if (subprotocol && !fc_http_header_find(answer->head.headers, answer->head.header_count,
                                            "Sec-WebSocket-Protocol")) {
        return fail(dial, -EPROTO, path,
                    "the server does not know the subprotocol that was asked for");
    }
    return 0;
}

static struct client *client_new(const struct dial *dial, int fd, const struct dial_answer *answer)
{
    struct client *client = malloc(sizeof(*client));
    struct fc_ws_options options = {
        .role = FC_WS_CLIENT,
        .message_max_bytes = CLIENT_MESSAGE_MAX_BYTES,
        .ping_every_ns = PING_EVERY_NS,
    };
    (void)!getrandom(options.mask_secret, sizeof(options.mask_secret), 0);
    struct fc_ws *ws = fc_ws_new(&options);
    if (!client || !ws) {
        free(client);
        fc_ws_free(&ws);
        return NULL;
    }
    client->ws = ws;
    client->fd = fd;
    client->interrupt_fd = dial->interrupt_fd;
    client->early_at = 0;
    client->early_size = answer->size - answer->head_bytes;
    memcpy(client->early, answer->bytes + answer->head_bytes, client->early_size);
    return client;
}

int client_open(struct client **out, const struct dial *dial, const char *path,
                const char *subprotocol)
{
    int fd = -1;
    int err = dial_connect(dial, &fd);
    if (err) {
        return err;
    }
    struct dial_answer answer;
    struct client *client = NULL;
    err = handshake(dial, fd, path, subprotocol, &answer);
    if (!err) {
        client = client_new(dial, fd, &answer);
        err = client ? 0 : fail(dial, -ENOMEM, path, "out of memory");
    }
    if (err) {
        close(fd);
        return err;
    }
    *out = client;
    return 0;
}

/* Running */

static void write_output(struct client *client)
{
    for (struct fc_bytes out; (out = fc_ws_output(client->ws)).size > 0;) {
        const ssize_t sent = send(client->fd, out.data, out.size, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        fc_ws_output_done(client->ws, sent > 0 ? (size_t)sent : 0);
    }
}

static bool has_early(const struct client *client)
{
    return client->early_at < client->early_size;
}

static void read_input(struct client *client, int64_t now_ns)
{
    const struct fc_space room = fc_ws_input(client->ws);
    if (room.size == 0) {
        return;
    }
    if (has_early(client)) {
        const size_t early = client->early_size - client->early_at;
        const size_t taken = early < room.size ? early : room.size;
        memcpy(room.data, client->early + client->early_at, taken);
        client->early_at += taken;
        fc_ws_input_done(client->ws, taken, now_ns);
        return;
    }
    const ssize_t got = recv(client->fd, room.data, room.size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    fc_ws_input_done(client->ws, got > 0 ? (size_t)got : 0, now_ns);
}

/* Before every read, so that a stream that never pauses can be interrupted. */
static int wait_for_socket(struct client *client, int64_t deadline_ns)
{
    const bool wants_input = fc_ws_input(client->ws).size > 0;
    const bool has_output = fc_ws_output(client->ws).size > 0;
    const struct dial wait = { .interrupt_fd = client->interrupt_fd, .deadline_ns = deadline_ns };
    return dial_wait(&wait, client->fd,
                     (short)((wants_input ? POLLIN : 0) | (has_output ? POLLOUT : 0)));
}

enum client_step client_next(struct client *client, int64_t deadline_ns, struct fc_ws_event *event)
{
    for (;;) {
        const int64_t now_ns = clock_steady_ns();
        const int64_t tick_ns = fc_ws_tick(client->ws, now_ns);
        if (fc_ws_next_event(client->ws, event)) {
            return CLIENT_EVENT;
        }
        write_output(client);
        if (fc_ws_is_done(client->ws)) {
            /* A failed write may have left the close event to be taken. */
            return fc_ws_next_event(client->ws, event) ? CLIENT_EVENT : CLIENT_CLOSED;
        }
        if (now_ns >= deadline_ns) {
            return CLIENT_TIMEOUT;
        }
        const int64_t until_ns = tick_ns < deadline_ns ? tick_ns : deadline_ns;
        const int err = has_early(client) ? 0 : wait_for_socket(client, until_ns);
        if (err == -EINTR) {
            return CLIENT_INTERRUPTED;
        }
        if (!err) {
            read_input(client, clock_steady_ns());
        }
    }
}

bool client_send(struct client *client, const char *text)
{
    return fc_ws_send(client->ws, FC_WS_TEXT,
                      (struct fc_bytes){ (const uint8_t *)text, strlen(text) });
}

void client_close(struct client **client, enum fc_ws_code code, const char *reason)
{
    struct client *c = *client;
    *client = NULL;
    if (!c) {
        return;
    }
    const int64_t now_ns = clock_steady_ns();
    struct fc_ws_event event;
    c->interrupt_fd = -1; /* it has done its work */
    fc_ws_close(c->ws, code, reason, now_ns);
    while (client_next(c, now_ns + GOODBYE_NS, &event) == CLIENT_EVENT) {
    }
    fc_ws_free(&c->ws);
    close(c->fd);
    free(c);
}
