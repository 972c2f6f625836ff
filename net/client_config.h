/* SPDX-License-Identifier: MIT */
#ifndef NET_CLIENT_CONFIG_H
#define NET_CLIENT_CONFIG_H

#include <framecast/client.h>

#include "net/url.h"

/*
 * What a client was asked for, checked and copied: addresses taken apart, header lines put
 * together. Nothing that could smuggle in a header of its own gets through.
 */

/** Threads: one at a time. */
struct client_config {
    struct url url;
    struct url proxy;
    bool has_proxy;
    char **subprotocols; /* owned, each of them too; ended by NULL; NULL: none */
    char *headers;       /* owned; ready to be sent, authorization included */
    char *proxy_headers; /* owned */
    struct fc_tls *tls;  /* a reference; NULL: plain */
};

/** Errors: -EINVAL, -ENOMEM or what TLS says, with a sentence; *config is to be finished all the
 *  same. */
FC_NODISCARD int client_config_init(struct client_config *config,
                                    const struct fc_client_options *options,
                                    struct fc_error *error);
void client_config_fini(struct client_config *config);

#endif
