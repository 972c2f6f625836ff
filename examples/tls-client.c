/* SPDX-License-Identifier: MIT */
/* tls-client URL AUTHORITIES: send a text over wss://, print what comes back and who answered. Only
 * a server whose certificate one of the authorities (a PEM file) has signed is believed. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/client.h>

static int status = EXIT_FAILURE;

static void on_open(struct fc_conn *conn)
{
    printf("%s, %s\n", fc_conn_tls_version(conn), fc_conn_tls_subject(conn));
    (void)fc_conn_send_text(conn, "Hello");
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)kind;
    printf("%.*s\n", (int)payload.size, (const char *)payload.data);
    status = EXIT_SUCCESS;
    fc_conn_close(conn, FC_WS_CODE_NORMAL, NULL);
}

static void on_closed(struct fc_conn *conn)
{
    fc_loop_stop(fc_conn_loop(conn));
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    (void)retry_ns;
    fprintf(stderr, "tls-client: %s\n", why);
    fc_loop_stop(fc_client_user(client));
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { on_open, on_message, .closed = on_closed };
    struct fc_client_options options = { .handler = &handler, .failed = on_failed };
    struct fc_tls_options trust = { .is_client = true, .ca_file = argc > 2 ? argv[2] : NULL };
    struct fc_client *client = NULL;
    struct fc_loop *loop = NULL;
    struct fc_error error;
    int err = fc_tls_new(&options.tls, &trust, &error);
    err = err ? err : fc_loop_new(&loop, &(struct fc_loop_options){ 0 }, &error);
    options.url = argc > 1 ? argv[1] : "wss://localhost:8765/";
    options.user = loop;
    err = err ? err : fc_client_open(&client, loop, &options, &error);
    if (err) {
        fprintf(stderr, "tls-client: %s\n", error.text);
        return EXIT_FAILURE;
    }
    fc_loop_run(loop);
    fc_client_close(&client, FC_WS_CODE_NORMAL, NULL);
    fc_loop_free(&loop);
    fc_tls_unref(&options.tls);
    return status;
}
