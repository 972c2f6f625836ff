/* SPDX-License-Identifier: MIT */
/* echo_check URL off|on|takeover TEXT: our client against a server that echoes: the text, a
 * megabyte, a message in parts, a ping, and a close. Exit status 0 when everything came back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/client.h>

#define MEGABYTE 1000000

static const char *text;
static uint8_t *megabyte;
static int step, status = EXIT_FAILURE;

static void send_next(struct fc_conn *conn)
{
    switch (step) {
    case 0:
        (void)fc_conn_send_text(conn, text);
        break;
    case 1:
        (void)fc_conn_send_bytes(conn, FC_WS_BINARY, (struct fc_bytes){ megabyte, MEGABYTE },
                                 FC_COMPRESS_AUTO);
        break;
    case 2:
        for (int i = 0; i < 4; i++) {
            const struct fc_bytes part = { megabyte + i * 1000, 1000 };
            (void)fc_conn_send_part(conn, FC_WS_BINARY, part, i == 3);
        }
        break;
    default:
        (void)fc_conn_ping(conn);
        break;
    }
}

static void on_open(struct fc_conn *conn)
{
    printf("%s\n", fc_conn_is_deflated(conn) ? "deflated" : "plain");
    send_next(conn);
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    const struct fc_bytes expected[] = {
        { (const uint8_t *)text, strlen(text) },
        { megabyte, MEGABYTE },
        { megabyte, 4000 },
    };
    const bool is_same = step < 3 && payload.size == expected[step].size &&
                         kind == (step == 0 ? FC_WS_TEXT : FC_WS_BINARY) &&
                         memcmp(payload.data, expected[step].data, payload.size) == 0;
    if (!is_same) {
        printf("not the same: %d\n", step);
        fc_conn_close(conn, 4000, "not the same");
        return;
    }
    step++;
    send_next(conn);
}

static void on_pong(struct fc_conn *conn, int64_t rtt_ns)
{
    if (step == 3 && rtt_ns >= 0) {
        fc_conn_close(conn, 4321, "done");
        step++;
    }
}

static void on_closed(struct fc_conn *conn)
{
    printf("closed %u\n", fc_conn_close_code(conn));
    status = step == 4 && fc_conn_close_code(conn) == 4321 ? EXIT_SUCCESS : EXIT_FAILURE;
    fc_loop_stop(fc_conn_loop(conn));
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    (void)retry_ns;
    printf("%s\n", why);
    fc_loop_stop(fc_client_user(client));
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = {
        .open = on_open, .message = on_message, .pong = on_pong, .closed = on_closed
    };
    struct fc_loop *loop = NULL;
    struct fc_client *client = NULL;
    struct fc_error error;
    megabyte = malloc(MEGABYTE);
    if (argc < 4 || !megabyte || fc_loop_new(&loop, &(struct fc_loop_options){ 0 }, &error) != 0) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < MEGABYTE; i++) {
        megabyte[i] = (uint8_t)(i * i / 100);
    }
    text = argv[3];
    const struct fc_client_options options = {
        .url = argv[1],
        .handler = &handler,
        .failed = on_failed,
        .user = loop,
        .conn.message_max_bytes = 2 * MEGABYTE,
        .conn.queue_max_bytes = 4 * MEGABYTE,
        .conn.compression = strcmp(argv[2], "on") == 0         ? FC_COMPRESSION_ON
                            : strcmp(argv[2], "takeover") == 0 ? FC_COMPRESSION_TAKEOVER
                                                               : FC_COMPRESSION_OFF,
    };
    if (fc_client_open(&client, loop, &options, &error) != 0) {
        return EXIT_FAILURE;
    }
    fc_loop_run(loop);
    fc_client_close(&client, FC_WS_CODE_NORMAL, NULL);
    fc_loop_free(&loop);
    free(megabyte);
    return status;
}
