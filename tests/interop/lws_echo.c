/* SPDX-License-Identifier: MIT */
/*
 * libwebsockets as the other side:
 *
 *     lws_echo serve DEFLATE                 echo server; prints its port
 *     lws_echo connect PORT DEFLATE          send one message after the other, hold each echo
 * against what was sent, close; exit status 0 when all was right
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (2 * 1024 * 1024)
#define WAIT_MS 10

static const size_t sizes[] = { 1, 125, 126, 1000, 65535, 65536, 1000000 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct session {
    unsigned char *heard; /* with room before it, as lws_write() wants it */
    size_t size;
    bool is_binary, is_due;
    bool is_whole; /* what was heard last ended a message */
    size_t sent;   /* client: messages; two of each size, text and binary */
};

static bool is_over, is_right;
/* libwebsockets 4.1 tells a client twice of a frame that came uncompressed where compression was
 * agreed, as small ones do: then begin where all are compressed. */
static size_t first;

static size_t size_now(const struct session *s)
{
    return sizes[(first + s->sent / 2) % SIZES];
}

static unsigned char byte_at(size_t i)
{
    return (unsigned char)('a' + i % 25);
}

static int say(struct lws *wsi, struct session *s)
{
    const enum lws_write_protocol kind = s->is_binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    s->is_due = false;
    return lws_write(wsi, s->heard + LWS_PRE, s->size, kind) < 0 ? -1 : 0;
}

/* Whether a message has ended; where it is compressed, both are needed. */
static bool is_end(struct lws *wsi)
{
    return lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
}

static int hear(struct lws *wsi, struct session *s, const void *in, size_t size)
{
    if (s->is_whole) { /* lws_is_first_fragment() does not say so where messages are compressed */
        s->size = 0;
    }
    s->is_whole = is_end(wsi);
    if (s->size + size > MESSAGE_MAX) {
        return -1;
    }
    memcpy(s->heard + LWS_PRE + s->size, in, size);
    s->size += size;
    s->is_binary = lws_frame_is_binary(wsi);
    return 0;
}

static int begin(struct session *s)
{
    *s = (struct session){ .heard = malloc(LWS_PRE + MESSAGE_MAX) };
    return s->heard ? 0 : -1;
}

static int serve(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t size)
{
    struct session *s = user;
    switch ((int)reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return begin(s);
    case LWS_CALLBACK_RECEIVE:
        if (hear(wsi, s, in, size)) {
            return -1;
        }
        s->is_due = is_end(wsi);
        return s->is_due ? lws_callback_on_writable(wsi) < 0 : 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return s->is_due ? say(wsi, s) : 0;
    case LWS_CALLBACK_CLOSED:
        free(s->heard);
        s->heard = NULL;
        return 0;
    default:
        return 0;
    }
}

static int ask(struct lws *wsi, struct session *s)
{
    if (s->sent == 2 * (SIZES - first)) {
        is_right = true;
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    s->size = size_now(s);
    s->is_whole = true;
    s->is_binary = s->sent % 2;
    for (size_t i = 0; i < s->size; i++) {
        s->heard[LWS_PRE + i] = byte_at(i);
    }
    return say(wsi, s);
}

/* The whole echo: the same size and bytes. */
static int check(struct lws *wsi, struct session *s)
{
    bool is_same = s->size == size_now(s) && s->is_binary == (s->sent % 2 == 1);
    for (size_t i = 0; is_same && i < s->size; i++) {
        is_same = s->heard[LWS_PRE + i] == byte_at(i);
    }
    s->sent++;
    s->is_due = true;
    return is_same ? lws_callback_on_writable(wsi) < 0 : -1;
}

static int visit(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t size)
{
    struct session *s = user;
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        if (begin(s)) {
            return -1;
        }
        s->is_due = true;
        return lws_callback_on_writable(wsi) < 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (hear(wsi, s, in, size)) {
            return -1;
        }
        return is_end(wsi) ? check(wsi, s) : 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE: /* also when the rest of a message has gone */
        return s->is_due ? ask(wsi, s) : 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        is_over = true;
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        free(s->heard);
        s->heard = NULL;
        is_over = true;
        return 0;
    default:
        return 0;
    }
}

static struct lws_context *make(lws_callback_function *callback, int port, bool deflates)
{
    static struct lws_protocols protocols[2];
    static const struct lws_extension extensions[] = {
        { "permessage-deflate", lws_extension_callback_pm_deflate,
          "permessage-deflate; client_no_context_takeover; client_max_window_bits" },
        { NULL, NULL, NULL }
    };
    protocols[0] = (struct lws_protocols){
        .name = "echo",
        .callback = callback,
        .per_session_data_size = sizeof(struct session),
        .rx_buffer_size = 65536,
    };
    struct lws_context_creation_info info = {
        .port = port,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .extensions = deflates ? extensions : NULL,
        .gid = -1,
        .uid = -1,
    };
    lws_set_log_level(LLL_ERR, NULL);
    return lws_create_context(&info);
}

int main(int argc, char **argv)
{
    const bool serves = argc == 3 && strcmp(argv[1], "serve") == 0;
    if (!serves && !(argc == 4 && strcmp(argv[1], "connect") == 0)) {
        return 2;
    }
    const bool deflates = strcmp(argv[argc - 1], "on") == 0;
    first = deflates ? 3 : 0; /* 1000 bytes */
    struct lws_context *context =
        serves ? make(serve, 0, deflates) : make(visit, CONTEXT_PORT_NO_LISTEN, deflates);
    if (!context) {
        return 1;
    }
    if (serves) {
        printf("%d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
        fflush(stdout);
    } else {
        const struct lws_client_connect_info where = {
            .context = context,
            .address = "127.0.0.1",
            .port = atoi(argv[2]),
            .path = "/",
            .host = "127.0.0.1",
            .origin = "127.0.0.1",
            .local_protocol_name = "echo",
        };
        is_over = !lws_client_connect_via_info(&where);
    }
    while (!is_over && lws_service(context, WAIT_MS) >= 0) {
    }
    lws_context_destroy(context);
    return is_right ? 0 : 1;
}
