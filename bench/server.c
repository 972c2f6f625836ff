/* SPDX-License-Identifier: MIT */
/*
 * server PORT MODE [SIZE]: the library as plainly as possible, on 127.0.0.1, to be measured.
 *
 * sink       receive messages of up to 64 MiB, count, discard
 * echo       send each message back
 * broadcast  a text message "go N" from any client sends N binary messages of SIZE bytes to every
 *            client, reliably, each at its own pace, in bounded memory
 *
 * One loop, no compression, no pings, nothing printed per message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/server.h>

#include "net/list.h"

#define MESSAGE_MAX_BYTES (64 * 1024 * 1024)
#define AHEAD_BYTES (1024 * 1024)   /* queued for a client at a time; references, not copies */
#define LOW_BYTES (AHEAD_BYTES / 4) /* and filled up again from here, before the queue is empty */
#define NUMBER_MAX 100000000

struct client {
    struct list_link link; /* in clients */
    struct fc_conn *conn;
    unsigned long left; /* messages it has yet to be sent */
};

static struct list_link clients;
static struct fc_message *message; /* what is broadcast */
static unsigned long long received;

/* ---- sink and echo ---- */

static void on_request(struct fc_conn *conn, const struct fc_http_request *request)
{
    (void)fc_conn_accept(conn, request, NULL);
}

static void on_sink(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)conn;
    (void)kind;
    (void)payload;
    received++;
}

static void on_echo(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct fc_message *reply = fc_message_new_ws(kind, payload);
    if (reply) {
        (void)fc_conn_send(conn, reply);
    }
    fc_message_unref(&reply);
}

/* ---- broadcast ---- */

static void feed(struct client *client)
{
    size_t ahead = fc_conn_queued(client->conn);
    while (client->left > 0 && ahead < AHEAD_BYTES) {
        if (!fc_conn_send(client->conn, message)) {
            return;
        }
        client->left--;
        ahead += fc_message_size(message);
    }
}

static void on_join(struct fc_conn *conn, const struct fc_http_request *request)
{
    struct client *client = calloc(1, sizeof(*client));
    if (!client || !fc_conn_accept(conn, request, NULL)) {
        free(client);
        return;
    }
    client->conn = conn;
    list_append(&clients, &client->link);
    fc_conn_set_user(conn, client);
}

static void on_go(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    char text[32] = "";
    (void)conn;
    if (kind != FC_WS_TEXT || payload.size < 4 || payload.size >= sizeof(text)) {
        return;
    }
    memcpy(text, payload.data, payload.size);
    const unsigned long count = strncmp(text, "go ", 3) == 0 ? strtoul(text + 3, NULL, 10) : 0;
    LIST_FOREACH (at, safe, &clients) {
        struct client *client = container_of(at, struct client, link);
        client->left += count < NUMBER_MAX ? count : NUMBER_MAX;
        feed(client);
    }
}

static void on_drained(struct fc_conn *conn)
{
    feed(fc_conn_user(conn));
}

static void on_pressure(struct fc_conn *conn, bool is_high)
{
    if (!is_high) {
        feed(fc_conn_user(conn));
    }
}

static void on_leave(struct fc_conn *conn)
{
    struct client *client = fc_conn_user(conn);
    list_remove(&client->link);
    free(client);
}

static bool make_message(size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);
    if (bytes) {
        memset(bytes, 'x', size);
        message = fc_message_new_ws(FC_WS_BINARY, (struct fc_bytes){ bytes, size });
    }
    free(bytes);
    return message != NULL;
}

/* ---- */

static const struct mode {
    const char *name;
    struct fc_handler handler;
} modes[] = {
    { "sink", { .request = on_request, .conn.message = on_sink } },
    { "echo", { .request = on_request, .conn.message = on_echo } },
    { "broadcast",
      { .request = on_join,
        .conn = { .message = on_go,
                  .drained = on_drained,
                  .pressure = on_pressure,
                  .closed = on_leave } } },
};

static int serve(const char *port, const struct fc_handler *handler)
{
    char listen[64];
    struct fc_error error;
    snprintf(listen, sizeof(listen), "127.0.0.1:%s", port);
    const char *const addresses[] = { listen };
    struct fc_server *server = NULL;
    if (fc_server_new(&server,
                      &(struct fc_server_options){
                          .listen = addresses,
                          .listen_count = 1,
                          .threads = 1,
                          .connections_max = 100000,
                          .conn = {
                              .message_max_bytes = MESSAGE_MAX_BYTES,
                              .ping_every_ns = INT64_MAX,
                              .idle_viewer_ns = INT64_MAX,
                              .queue_max_bytes = 2u * MESSAGE_MAX_BYTES,
                              .high_water_bytes = AHEAD_BYTES / 2,
                              .low_water_bytes = LOW_BYTES,
                          },
                      },
                      handler, &error) != 0) {
        fprintf(stderr, "server: %s\n", error.text);
        return EXIT_FAILURE;
    }
    printf("ws://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    const int err = fc_server_run(server);
    fc_server_free(&server);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    list_init(&clients);
    for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[2], modes[i].name) == 0) {
            if (!make_message(argc > 3 ? strtoul(argv[3], NULL, 10) : 1000)) {
                return EXIT_FAILURE;
            }
            const int status = serve(argv[1], &modes[i].handler);
            fc_message_unref(&message);
            return status;
        }
    }
    fprintf(stderr, "server PORT sink|echo|broadcast [SIZE]\n");
    return 2;
}
