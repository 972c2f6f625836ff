/* SPDX-License-Identifier: MIT */
/* chat [PORT]: what anybody says, everybody hears. Try it with two windows of echo-client. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/group.h>
#include <framecast/server.h>

static struct fc_group *room;

static void say(const char *who, const char *verb, struct fc_bytes what)
{
    char line[1200];
    const int size = snprintf(line, sizeof(line), "%s %s%.*s", who, verb, (int)what.size,
                              (const char *)what.data);
    const struct fc_bytes text = { (const uint8_t *)line, (size_t)size };
    struct fc_message *message = fc_message_new_ws(FC_WS_TEXT, text);
    if (message) {
        (void)fc_group_send(room, message);
    }
    fc_message_unref(&message);
}

static void on_open(struct fc_conn *conn)
{
    if (!fc_group_join(room, conn, FC_RELIABLE, 0)) {
        fc_conn_close(conn, FC_WS_CODE_TRY_LATER, "the room is full");
    }
    say(fc_conn_peer(conn), "joined", (struct fc_bytes){ 0 });
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    if (kind == FC_WS_TEXT) {
        say(fc_conn_peer(conn), "says: ", payload);
    }
}

int main(int argc, char **argv)
{
    static const struct fc_conn_options small = { .message_max_bytes = 1000 };
    static const struct fc_conn_handler chat = { .open = on_open, .message = on_message };
    static const struct fc_route route = { .path = "/", .handler = &chat, .conn = &small };
    static const struct fc_handler handler = { .routes = &route, .route_count = 1 };
    char address[64];
    const char *const listen[] = { address };
    snprintf(address, sizeof(address), "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
    const struct fc_server_options options = { .listen = listen, .listen_count = 1 };
    struct fc_server *server = NULL;
    struct fc_error error = { "out of memory" };
    room = fc_group_new(NULL);
    if (!room || fc_server_new(&server, &options, &handler, &error) != 0) {
        fprintf(stderr, "chat: %s\n", error.text);
        return EXIT_FAILURE;
    }
    printf("ws://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    return fc_server_run(server) ? EXIT_FAILURE : EXIT_SUCCESS; /* until SIGINT or SIGTERM */
}
