/* SPDX-License-Identifier: MIT */
/*
 * lws PORT MODE [SIZE]: the work of bench/server with libwebsockets. Reads of 256 kB; writes
 * without asking poll first while the socket takes them, which is the cheapest use the library
 * allows. Its libuv loop, because its own asks poll(2), which is slow with thousands of
 * connections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#define READ_BYTES (256 * 1024)
#define MESSAGE_MAX_BYTES (64 * 1024 * 1024)
#define NUMBER_MAX 100000000
#define CLIENTS_MAX 20000

struct client {
    struct lws *wsi;
    struct client *previous, *next;
    unsigned long left; /* broadcast: messages it has yet to be sent */
    uint8_t *message;   /* echo: what is being received, behind LWS_PRE bytes */
    size_t size, capacity;
    uint8_t *waiting; /* echo: whole messages that the socket had no space for */
    size_t waiting_size, waiting_capacity;
};

static enum { SINK, ECHO, BROADCAST } mode;
static struct client *clients;
static uint8_t *record; /* behind LWS_PRE bytes */
static size_t record_size = 1000;
static unsigned long long received;

/* ---- broadcast ---- */

static int feed(struct client *client)
{
    while (client->left > 0 && !lws_send_pipe_choked(client->wsi)) {
        if (lws_write(client->wsi, record + LWS_PRE, record_size, LWS_WRITE_BINARY) < 0) {
            return -1;
        }
        client->left--;
    }
    if (client->left > 0) {
        lws_callback_on_writable(client->wsi);
    }
    return 0;
}

static void go(const char *in, size_t size)
{
    char text[32] = "";
    if (size < 4 || size >= sizeof(text)) {
        return;
    }
    memcpy(text, in, size);
    const unsigned long count = strncmp(text, "go ", 3) == 0 ? strtoul(text + 3, NULL, 10) : 0;
    for (struct client *client = clients; client; client = client->next) {
        client->left += count < NUMBER_MAX ? count : NUMBER_MAX;
        (void)feed(client);
    }
}

/* ---- echo ---- */

static int append(uint8_t **data, size_t *used, size_t *capacity, const void *from, size_t size)
{
    if (*used + size > *capacity) {
        const size_t more = (*used + size) * 2;
        uint8_t *moved = more <= 4u * MESSAGE_MAX_BYTES ? realloc(*data, more) : NULL;
        if (!moved) {
            return -1;
        }
        *data = moved;
        *capacity = more;
    }
    memcpy(*data + *used, from, size);
    *used += size;
    return 0;
}

/* Whole messages only go out; one that waits is kept with its size before it. */
static int reply(struct client *client, const uint8_t *message, size_t size)
{
    if (client->waiting_size == 0 && !lws_send_pipe_choked(client->wsi)) {
        return lws_write(client->wsi, client->message + LWS_PRE, size, LWS_WRITE_BINARY) < 0 ? -1
                                                                                             : 0;
    }
    uint8_t room[LWS_PRE + sizeof(size)] = { 0 };
    memcpy(room, &size, sizeof(size));
    lws_callback_on_writable(client->wsi);
    return append(&client->waiting, &client->waiting_size, &client->waiting_capacity, room,
                  sizeof(room)) ||
           append(&client->waiting, &client->waiting_size, &client->waiting_capacity, message,
                  size);
}

static int echo(struct client *client, const void *in, size_t size)
{
    static const uint8_t room[LWS_PRE];
    if ((client->size == 0 &&
         append(&client->message, &client->size, &client->capacity, room, LWS_PRE)) ||
        append(&client->message, &client->size, &client->capacity, in, size)) {
        return -1;
    }
    if (!lws_is_final_fragment(client->wsi)) {
        return 0;
    }
    const size_t whole = client->size - LWS_PRE;
    client->size = 0;
    return reply(client, client->message + LWS_PRE, whole);
}

static int echo_waiting(struct client *client)
{
    size_t at = 0;
    while (at < client->waiting_size && !lws_send_pipe_choked(client->wsi)) {
        size_t size;
        memcpy(&size, client->waiting + at, sizeof(size));
        at += sizeof(size) + LWS_PRE;
        if (lws_write(client->wsi, client->waiting + at, size, LWS_WRITE_BINARY) < 0) {
            return -1;
        }
        at += size;
    }
    memmove(client->waiting, client->waiting + at, client->waiting_size - at);
    client->waiting_size -= at;
    if (client->waiting_size > 0) {
        lws_callback_on_writable(client->wsi);
    }
    return 0;
}

/* ---- */

static int on_receive(struct client *client, const void *in, size_t size)
{
    switch (mode) {
    case ECHO:
        return echo(client, in, size);
    case BROADCAST:
        go(in, size);
        return 0;
    case SINK:
        received += (unsigned long long)lws_is_final_fragment(client->wsi);
    }
    return 0;
}

static void on_join(struct client *client, struct lws *wsi)
{
    client->wsi = wsi;
    client->next = clients;
    if (clients) {
        clients->previous = client;
    }
    clients = client;
}

static void on_leave(struct client *client)
{
    if (client->previous) {
        client->previous->next = client->next;
    } else {
        clients = client->next;
    }
    if (client->next) {
        client->next->previous = client->previous;
    }
    free(client->message);
    free(client->waiting);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    struct client *client = user;
    switch ((int)reason) {
    case LWS_CALLBACK_ESTABLISHED:
        on_join(client, wsi);
        return 0;
    case LWS_CALLBACK_CLOSED:
        on_leave(client);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return on_receive(client, in, size);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return mode == BROADCAST ? feed(client) : echo_waiting(client);
    default:
        return 0;
    }
}

/* Else libuv's loop ends, and is entered again. */
static void on_signal(void *handle, int number)
{
    (void)handle;
    (void)number;
    _Exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    const char *const names[] = { "sink", "echo", "broadcast" };
    for (int i = 0; argc > 2 && i < 3; i++) {
        if (strcmp(argv[2], names[i]) == 0) {
            mode = i;
        }
    }
    if (argc > 3) {
        record_size = strtoul(argv[3], NULL, 10);
    }
    record = malloc(LWS_PRE + record_size);
    if (argc < 3 || !record) {
        fprintf(stderr, "lws PORT sink|echo|broadcast [SIZE]\n");
        return 2;
    }
    memset(record, 'x', LWS_PRE + record_size);
    lws_set_log_level(LLL_ERR, NULL);
    const struct lws_protocols protocols[] = {
        { .name = "bench",
          .callback = on_event,
          .per_session_data_size = sizeof(struct client),
          .rx_buffer_size = READ_BYTES,
          .tx_packet_size = MESSAGE_MAX_BYTES },
        { 0 },
    };
    struct lws_context_creation_info options = { .port = atoi(argv[1]),
                                                 .iface = "127.0.0.1",
                                                 .protocols = protocols,
                                                 .pt_serv_buf_size = READ_BYTES,
                                                 .signal_cb = on_signal,
                                                 .fd_limit_per_thread = CLIENTS_MAX,
                                                 .gid = -1,
                                                 .uid = -1,
                                                 .options = LWS_SERVER_OPTION_LIBUV };
    struct lws_context *context = lws_create_context(&options);
    if (!context) { /* its part for libuv is a package of its own */
        options.options = 0;
        context = lws_create_context(&options);
    }
    if (!context) {
        return EXIT_FAILURE;
    }
    printf("ws://127.0.0.1:%s/\n", argv[1]);
    fflush(stdout);
    while (lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return EXIT_SUCCESS;
}
