/* SPDX-License-Identifier: MIT */
/*
 * What docs/library/ shows beyond the examples, compiled. As a test, a server and two clients of it
 * share a loop: who has no token is refused, who has one speaks chat.v2 and gets an answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/client.h>
#include <framecast/server.h>

#define BEARER "Bearer open sesame"

static struct fc_server *server;
static struct fc_client *stranger, *guest;
static char url[128];
static int steps; /* that went as they should */

static enum fc_verdict check_token(struct fc_conn *conn, const struct fc_http_request *request)
{
    const struct fc_bytes *given =
        fc_http_header_find(request->headers, request->header_count, "Authorization");
    if (given && given->size == strlen(BEARER) && memcmp(given->data, BEARER, given->size) == 0) {
        return FC_ACCEPT;
    }
    fc_conn_respond(conn, &(struct fc_response){
                              .status = 401,
                              .headers = "WWW-Authenticate: Bearer\r\n",
                          });
    return FC_ANSWERED;
}

static enum fc_verdict tell_status(struct fc_conn *conn, const struct fc_http_request *request)
{
    (void)request;
    static const char text[] = "well\n";
    fc_conn_respond(conn, &(struct fc_response){
                              .content_type = "text/plain",
                              .content = { (const uint8_t *)text, sizeof(text) - 1 },
                          });
    return FC_ANSWERED;
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

/* Reads no faster from one connection than another takes what is passed on. */
static void on_pressure(struct fc_conn *conn, bool is_high)
{
    struct fc_conn *source = fc_conn_user(conn);
    if (source) {
        (is_high ? fc_conn_pause : fc_conn_resume)(source);
    }
}

static const struct fc_conn_handler chat = { .message = on_message, .pressure = on_pressure };

static const char *const subprotocols[] = { "chat.v2", "chat.v1", NULL };

static const struct fc_route routes[] = {
    { .path = "/chat", .handler = &chat, .subprotocols = subprotocols, .request = check_token },
    { .path = "/status", .request = tell_status },
};

/* ---- the test ---- */

static void on_open(struct fc_conn *conn)
{
    steps += strcmp(fc_conn_subprotocol(conn), "chat.v2") == 0;
    (void)fc_conn_send_text(conn, "Hello");
}

static void on_echo(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)conn;
    steps += kind == FC_WS_TEXT && payload.size == 5 && memcmp(payload.data, "Hello", 5) == 0;
    fc_server_stop(server);
}

static void on_refused(struct fc_client *client, const char *why, int64_t retry_ns)
{
    static const struct fc_conn_handler handler = { .open = on_open, .message = on_echo };
    struct fc_error error = { "it should have been refused at once" };
    steps += client == stranger && strstr(why, "401") && retry_ns == -1;
    if (client == guest || fc_client_open(&guest, fc_server_loop(server, 0),
                                          &(struct fc_client_options){
                                              .url = url,
                                              .headers = "Authorization: " BEARER "\r\n",
                                              .subprotocols = subprotocols,
                                              .handler = &handler,
                                              .failed = on_refused,
                                          },
                                          &error) != 0) {
        fprintf(stderr, "%s: %s\n", why, error.text);
        fc_server_stop(server);
    }
}

int main(void)
{
    static const char *const listen[] = { "127.0.0.1:0" };
    static const struct fc_handler handler = { .routes = routes, .route_count = 2 };
    const struct fc_server_options options = { .listen = listen, .listen_count = 1, .threads = 1 };
    struct fc_error error;
    if (fc_server_new(&server, &options, &handler, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    snprintf(url, sizeof(url), "ws://%s/chat", fc_server_address(server, 0));
    const struct fc_client_options client = { .url = url,
                                              .reconnects = true,
                                              .failed = on_refused };
    int err = fc_client_open(&stranger, fc_server_loop(server, 0), &client, &error);
    err = err ? err : fc_server_run(server);
    fc_client_close(&stranger, FC_WS_CODE_NORMAL, NULL);
    fc_client_close(&guest, FC_WS_CODE_NORMAL, NULL);
    fc_server_free(&server);
    return !err && steps == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
}
