/* SPDX-License-Identifier: MIT */
/* tls-server PORT CERTIFICATE KEY: an echo server behind TLS. SIGHUP reads the files again, for
 * connections that come after it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <framecast/server.h>

static volatile sig_atomic_t is_hung_up;

static void on_sighup(int number)
{
    (void)number;
    is_hung_up = 1;
}

static void on_second(struct fc_timer *timer, void *tls)
{
    struct fc_error error;
    (void)timer;
    if (is_hung_up) {
        is_hung_up = 0;
        const int err = fc_tls_reload(tls, &error);
        fprintf(stderr, "certificate: %s\n", err ? error.text : "read again");
    }
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO);
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler echo = { .message = on_message };
    static const struct fc_route route = { .path = "/", .handler = &echo };
    static const struct fc_handler handler = { .routes = &route, .route_count = 1 };
    struct fc_tls_options files = { .cert_file = argc > 3 ? argv[2] : "certificate.pem" };
    files.key_file = argc > 3 ? argv[3] : "key.pem";
    char address[64];
    const char *const listen[] = { address };
    snprintf(address, sizeof(address), "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
    struct fc_server_options options = { .listen = listen, .listen_count = 1 };
    struct fc_server *server = NULL;
    struct fc_error error;
    if (fc_tls_new(&options.tls, &files, &error) != 0 ||
        fc_server_new(&server, &options, &handler, &error) != 0) {
        fprintf(stderr, "tls-server: %s\n", error.text);
        return EXIT_FAILURE;
    }
    (void)signal(SIGHUP, on_sighup);
    struct fc_timer *timer = fc_timer_new(fc_server_loop(server, 0), on_second, options.tls);
    fc_timer_start(timer, 1000000000, 1000000000);
    printf("wss://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    return fc_server_run(server) ? EXIT_FAILURE : EXIT_SUCCESS;
}
