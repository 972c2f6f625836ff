/* SPDX-License-Identifier: MIT */
/*
 * client URL MESSAGE_MAX off|on|takeover [SUBPROTOCOL...]: the library's client as the conformance
 * tests see it. Echoes what it receives, and prints what happens:
 *
 *     open SUBPROTOCOL|- deflated|plain      message text|binary SIZE
 *     closed CODE REASON                     failed WHY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/client.h>

static void on_open(struct fc_conn *conn)
{
    const char *subprotocol = fc_conn_subprotocol(conn);
    printf("open %s %s\n", subprotocol ? subprotocol : "-",
           fc_conn_is_deflated(conn) ? "deflated" : "plain");
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    printf("message %s %zu\n", kind == FC_WS_TEXT ? "text" : "binary", payload.size);
    if (kind == FC_WS_TEXT && payload.size == 5 && memcmp(payload.data, "close", 5) == 0) {
        fc_conn_close(conn, 4001, "as you wish");
        return;
    }
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

static void on_closed(struct fc_conn *conn)
{
    printf("closed %u %s\n", fc_conn_close_code(conn), fc_conn_close_reason(conn));
    fc_loop_stop(fc_conn_loop(conn));
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    (void)retry_ns;
    printf("failed %s\n", why);
    fc_loop_stop(fc_client_user(client));
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { on_open, on_message, .closed = on_closed };
    struct fc_loop *loop = NULL;
    struct fc_client *client = NULL;
    struct fc_error error;
    if (argc < 4 || fc_loop_new(&loop, &(struct fc_loop_options){ 0 }, &error) != 0) {
        return EXIT_FAILURE;
    }
    const struct fc_client_options options = {
        .url = argv[1],
        .subprotocols = argc > 4 ? (const char *const *)&argv[4] : NULL,
        .handler = &handler,
        .failed = on_failed,
        .user = loop,
        .conn.message_max_bytes = strtoul(argv[2], NULL, 10),
        .conn.queue_max_bytes = 64 * 1024 * 1024,
        .conn.compression = strcmp(argv[3], "on") == 0         ? FC_COMPRESSION_ON
                            : strcmp(argv[3], "takeover") == 0 ? FC_COMPRESSION_TAKEOVER
                                                               : FC_COMPRESSION_OFF,
    };
    if (fc_client_open(&client, loop, &options, &error) != 0) {
        printf("failed %s\n", error.text);
        return EXIT_FAILURE;
    }
    fc_loop_run(loop);
    fc_client_close(&client, FC_WS_CODE_NORMAL, NULL);
    fc_loop_free(&loop);
    return EXIT_SUCCESS;
}
