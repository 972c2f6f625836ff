/* SPDX-License-Identifier: MIT */
/*
 * server MESSAGE_MAX off|on|takeover: the library's server as the conformance tests see it. Echoes;
 * speaks the subprotocols "chat" and "superchat"; "parts" is answered by a message in three parts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/server.h>

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    if (kind == FC_WS_TEXT && payload.size == 5 && memcmp(payload.data, "parts", 5) == 0) {
        static const char *const parts[] = { "in ", "three ", "parts" };
        for (int i = 0; i < 3; i++) {
            const struct fc_bytes part = { (const uint8_t *)parts[i], strlen(parts[i]) };
            (void)fc_conn_send_part(conn, kind, part, i == 2);
        }
        return;
    }
    if (kind == FC_WS_TEXT && payload.size == 5 && memcmp(payload.data, "close", 5) == 0) {
        fc_conn_close(conn, 4001, "as you wish");
        return;
    }
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

int main(int argc, char **argv)
{
    static const char *const subprotocols[] = { "chat", "superchat", NULL };
    static const struct fc_conn_handler echo = { .message = on_message };
    const struct fc_route route = { .path = "/+", .handler = &echo, .subprotocols = subprotocols };
    const struct fc_handler handler = { .routes = &route, .route_count = 1 };
    const char *const listen[] = { "127.0.0.1:0" };
    const char *compression = argc > 2 ? argv[2] : "off";
    const struct fc_server_options options = {
        .listen = listen,
        .listen_count = 1,
        .threads = 1,
        .conn.message_max_bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 0,
        .conn.queue_max_bytes = 64 * 1024 * 1024,
        .conn.compression = strcmp(compression, "on") == 0         ? FC_COMPRESSION_ON
                            : strcmp(compression, "takeover") == 0 ? FC_COMPRESSION_TAKEOVER
                                                                   : FC_COMPRESSION_OFF,
    };
    struct fc_server *server = NULL;
    struct fc_error error;
    if (fc_server_new(&server, &options, &handler, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    printf("%s\n", fc_server_address(server, 0));
    fflush(stdout);
    const int err = fc_server_run(server);
    fc_server_free(&server);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
