/* SPDX-License-Identifier: MIT */
/* echo-server [PORT]: a WebSocket server that sends back what it receives. */
#include <framecast/server.h>

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler echo = { .message = on_message };
    return fc_serve("127.0.0.1", argc > 1 ? argv[1] : "0", &echo);
}
