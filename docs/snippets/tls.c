/* SPDX-License-Identifier: MIT */
/*
 * What docs/how-to/tls.md shows, compiled. As a test: files that are not there are refused with a
 * sentence that names them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/tls.h>

static int plain_server(struct fc_tls **tls, struct fc_error *error)
{
    return fc_tls_new(tls,
                      &(struct fc_tls_options){
                          .cert_file = "certificate.pem",
                          .key_file = "key.pem",
                      },
                      error);
}

static int server_with_names(struct fc_tls **tls, struct fc_error *error)
{
    const struct fc_tls_certificate names[] = {
        { "cameras.example.org", "cameras.pem", "cameras.key" },
        { "*.example.org", "others.pem", "others.key" },
    };
    return fc_tls_new(tls,
                      &(struct fc_tls_options){
                          .cert_file = "certificate.pem",
                          .key_file = "key.pem",
                          .certificates = names,
                          .certificate_count = 2,
                      },
                      error);
}

static int server_of_known_clients(struct fc_tls **tls, struct fc_error *error)
{
    return fc_tls_new(tls,
                      &(struct fc_tls_options){
                          .cert_file = "certificate.pem",
                          .key_file = "key.pem",
                          .client_ca_file = "authority.pem",
                      },
                      error);
}

static int known_client(struct fc_tls **tls, struct fc_error *error)
{
    return fc_tls_new(tls,
                      &(struct fc_tls_options){
                          .is_client = true,
                          .ca_file = "certificate.pem",
                          .cert_file = "door.pem",
                          .key_file = "door.key",
                      },
                      error);
}

int main(void)
{
    static int (*const makers[])(struct fc_tls **, struct fc_error *) = {
        plain_server,
        server_with_names,
        server_of_known_clients,
        known_client,
    };
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        struct fc_tls *tls = NULL;
        struct fc_error error;
        const int err = makers[i](&tls, &error);
        if (err != -ENOENT || !strstr(error.text, ".pem': No such file")) {
            fprintf(stderr, "%zu: %d: %s\n", i, err, error.text);
            return EXIT_FAILURE;
        }
        fc_tls_unref(&tls);
    }
    return EXIT_SUCCESS;
}
