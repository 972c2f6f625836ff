/* SPDX-License-Identifier: MIT */
/* echo-server [PORT]: a WebSocket server that sends back what it receives. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/server.h>

#define MESSAGE_MAX_BYTES (16 * 1024 * 1024)

static void on_request(struct fc_conn *conn, const struct fc_http_request *request)
{
    (void)fc_conn_accept(conn, request, NULL, MESSAGE_MAX_BYTES); /* or it has been refused */
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct fc_message *message = fc_message_new_ws(kind, payload);
    if (message) {
        (void)fc_conn_send(conn, message);
    }
    fc_message_unref(&message);
}

int main(int argc, char **argv)
{
    static const struct fc_handler handler = { .request = on_request, .message = on_message };
    char listen[64];
    char why[256];
    struct fc_server *server = NULL;
    snprintf(listen, sizeof(listen), "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
    const char *const addresses[] = { listen };
    const struct fc_server_options options = {
        .listen = addresses,
        .listen_count = 1,
        .queue_max_bytes = 2 * MESSAGE_MAX_BYTES,
    };
    if (fc_server_new(&server, &options, &handler, why, sizeof(why)) != 0) {
        fprintf(stderr, "echo-server: %s\n", why);
        return EXIT_FAILURE;
    }
    printf("ws://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    const int err = fc_server_run(server);
    fc_server_free(&server);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
