/* SPDX-License-Identifier: MIT */
/* image-receiver [URL [SECONDS]]: count the pictures a second that come as binary messages. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/client.h>

static struct fc_loop *loop;
static long pictures, bytes, seconds_left = -1; /* for ever */

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)conn;
    pictures += kind == FC_WS_BINARY;
    bytes += (long)payload.size;
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    (void)client;
    fprintf(stderr, "image-receiver: %s\n", why);
    if (retry_ns < 0) {
        fc_loop_stop(loop);
    }
}

static void on_second(struct fc_timer *timer, void *ending)
{
    (void)timer;
    printf("%ld pictures a second, %.2f MB/s\n", pictures, (double)bytes / 1e6);
    pictures = bytes = 0;
    if (--seconds_left == 0) {
        fc_loop_stop(ending);
    }
}

int main(int argc, char **argv)
{
    const struct fc_client_options options = {
        .url = argc > 1 ? argv[1] : "ws://127.0.0.1:8765/streams/cam/frames",
        .handler = &(struct fc_conn_handler){ .message = on_message },
        .reconnects = true,
        .failed = on_failed,
        .conn.message_max_bytes = 64 * 1024 * 1024,
    };
    struct fc_client *client = NULL;
    struct fc_error error;
    seconds_left = argc > 2 ? atol(argv[2]) : seconds_left;
    if (fc_loop_new(&loop, &(struct fc_loop_options){ .handles_signals = true }, &error) != 0 ||
        fc_client_open(&client, loop, &options, &error) != 0) {
        fprintf(stderr, "image-receiver: %s\n", error.text);
        return EXIT_FAILURE;
    }
    struct fc_timer *timer = fc_timer_new(loop, on_second, loop);
    fc_timer_start(timer, 1000000000, 1000000000);
    fc_loop_run(loop);
    fc_timer_free(&timer);
    fc_client_close(&client, FC_WS_CODE_GOING_AWAY, NULL);
    return EXIT_SUCCESS;
}
