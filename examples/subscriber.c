/* SPDX-License-Identifier: MIT */
/* subscriber [URL]: print every text that comes, and come back whenever the connection is lost. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/client.h>

static void on_open(struct fc_conn *conn)
{
    fprintf(stderr, "connected to %s\n", fc_conn_peer(conn));
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)conn;
    if (kind == FC_WS_TEXT) {
        printf("%.*s\n", (int)payload.size, (const char *)payload.data);
        fflush(stdout);
    }
}

static void on_closed(struct fc_conn *conn)
{
    fprintf(stderr, "closed: %u %s\n", fc_conn_close_code(conn), fc_conn_close_reason(conn));
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    if (retry_ns >= 0) {
        fprintf(stderr, "%s; trying again in %.1f s\n", why, (double)retry_ns / 1e9);
        return;
    }
    fprintf(stderr, "%s\n", why); /* and it would be the same the next time */
    fc_loop_stop(fc_client_user(client));
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { on_open, on_message, .closed = on_closed };
    struct fc_loop *loop = NULL;
    struct fc_client *client = NULL;
    struct fc_error error;
    if (fc_loop_new(&loop, &(struct fc_loop_options){ .handles_signals = true }, &error) != 0 ||
        fc_client_open(&client, loop,
                       &(struct fc_client_options){
                           .url = argc > 1 ? argv[1] : "ws://127.0.0.1:8765/ws",
                           .reconnects = true,
                           .handler = &handler,
                           .failed = on_failed,
                           .user = loop,
                       },
                       &error) != 0) {
        fprintf(stderr, "subscriber: %s\n", error.text);
        return EXIT_FAILURE;
    }
    fc_loop_run(loop);
    fc_client_close(&client, FC_WS_CODE_NORMAL, NULL);
    fc_loop_free(&loop);
    return EXIT_SUCCESS;
}
