/* SPDX-License-Identifier: MIT */
/* echo-server [PORT]: a WebSocket server that sends back what it receives. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/server.h>

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler echo = { .message = on_message };
    static const struct fc_route routes[] = { { .path = "/", .handler = &echo } };
    static const struct fc_handler handler = { .routes = routes, .route_count = 1 };
    char listen[64];
    snprintf(listen, sizeof(listen), "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
    const char *const addresses[] = { listen };
    const struct fc_server_options options = { .listen = addresses, .listen_count = 1 };
    struct fc_server *server = NULL;
    struct fc_error error;
    if (fc_server_new(&server, &options, &handler, &error) != 0) {
        fprintf(stderr, "echo-server: %s\n", error.text);
        return EXIT_FAILURE;
    }
    printf("ws://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    const int err = fc_server_run(server);
    fc_server_free(&server);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
