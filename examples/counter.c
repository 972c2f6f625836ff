/* SPDX-License-Identifier: MIT */
/* counter [PORT]: ten times a second a number to everybody, encoded and compressed once. A thousand
 * viewers cost little more than one; a slow one sees the newest number, never an old one. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/group.h>
#include <framecast/server.h>

#define TENTH_NS INT64_C(100000000)

static struct fc_group *viewers;

static void on_open(struct fc_conn *conn)
{
    (void)!fc_group_join(viewers, conn, FC_NEWEST, 0);
}

static void on_timer(struct fc_timer *timer, void *loop)
{
    static unsigned long count;
    char text[64];
    (void)timer;
    const int size = snprintf(text, sizeof(text), "%lu for %lu viewers", ++count,
                              (unsigned long)fc_group_count(viewers));
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .ws_kind = FC_WS_TEXT,
        .head = { (const uint8_t *)text, (size_t)size },
        .deflater = fc_loop_deflater(loop), /* for who speaks permessage-deflate */
    });
    if (message) {
        (void)fc_group_send(viewers, message);
    }
    fc_message_unref(&message);
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler viewer = { .open = on_open };
    static const struct fc_route route = { .path = "/", .handler = &viewer };
    static const struct fc_handler handler = { .routes = &route, .route_count = 1 };
    char address[64];
    const char *const listen[] = { address };
    snprintf(address, sizeof(address), "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
    const struct fc_conn_options conn = { .compression = FC_COMPRESSION_ON };
    struct fc_server *server = NULL;
    struct fc_error error = { "out of memory" };
    const struct fc_server_options options = { .listen = listen, .listen_count = 1, .conn = conn };
    viewers = fc_group_new(NULL);
    if (!viewers || fc_server_new(&server, &options, &handler, &error) != 0) {
        fprintf(stderr, "counter: %s\n", error.text);
        return EXIT_FAILURE;
    }
    struct fc_loop *loop = fc_server_loop(server, 0);
    struct fc_timer *timer = fc_timer_new(loop, on_timer, loop);
    fc_timer_start(timer, TENTH_NS, TENTH_NS);
    printf("ws://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    return fc_server_run(server) ? EXIT_FAILURE : EXIT_SUCCESS; /* until SIGINT or SIGTERM */
}
