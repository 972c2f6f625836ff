/* SPDX-License-Identifier: MIT */
/* echo-client URL [TEXT]: send a text, print what comes back, say goodbye. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/client.h>

static const char *text = "Hello";
static int status = EXIT_FAILURE;

static void on_open(struct fc_conn *conn)
{
    (void)fc_conn_send_text(conn, text);
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)kind;
    printf("%.*s\n", (int)payload.size, (const char *)payload.data);
    status = EXIT_SUCCESS;
    fc_conn_close(conn, FC_WS_CODE_NORMAL, "that is all");
}

static void on_closed(struct fc_conn *conn)
{
    fc_loop_stop(fc_conn_loop(conn));
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    (void)retry_ns;
    fprintf(stderr, "echo-client: %s\n", why);
    fc_loop_stop(fc_client_user(client));
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { on_open, on_message, .closed = on_closed };
    struct fc_loop *loop = NULL;
    struct fc_client *client = NULL;
    struct fc_error error;
    text = argc > 2 ? argv[2] : text;
    if (fc_loop_new(&loop, &(struct fc_loop_options){ .handles_signals = true }, &error) != 0 ||
        fc_client_open(&client, loop,
                       &(struct fc_client_options){
                           .url = argc > 1 ? argv[1] : "ws://127.0.0.1:8765/",
                           .handler = &handler,
                           .failed = on_failed,
                           .user = loop,
                       },
                       &error) != 0) {
        fprintf(stderr, "echo-client: %s\n", error.text);
        fc_loop_free(&loop);
        return EXIT_FAILURE;
    }
    fc_loop_run(loop);
    fc_client_close(&client, FC_WS_CODE_NORMAL, NULL);
    fc_loop_free(&loop);
    return status;
}
