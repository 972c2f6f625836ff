/* SPDX-License-Identifier: MIT */
/* The shortest server, on nothing but the public calls: a model for a longer one. */
#include <framecast/server.h>

#include <stdio.h>
#include <stdlib.h>

#define ADDRESS_SIZE 256

int fc_serve(const char *host, const char *port, const struct fc_conn_handler *handler)
{
    char address[ADDRESS_SIZE];
    const char *const listen[] = { address };
    const struct fc_route everything = { .path = "/+", .handler = handler };
    const struct fc_handler server_handler = { .routes = &everything, .route_count = 1 };
    const struct fc_server_options options = { .listen = listen, .listen_count = 1 };
    struct fc_server *server = NULL;
    struct fc_error error;
    snprintf(address, sizeof(address), "%s:%s", host, port);
    if (fc_server_new(&server, &options, &server_handler, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    printf("ws://%s/\n", fc_server_address(server, 0));
    fflush(stdout);
    const int err = fc_server_run(server);
    fc_server_free(&server);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
