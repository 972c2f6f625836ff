/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_CONFIG_H
#define NET_TLS_CONFIG_H

#include <stddef.h>

#include <framecast/tls.h>

struct tls_certificate {
    char *name;      /* NULL: the default one */
    char *cert_file; /* NULL: none; client */
    char *key_file;
};

/** The options, checked and copied: they are needed again at each reload. Never changes. */
struct tls_config {
    bool is_client, is_insecure, clients_may_be_unknown;
    enum fc_tls_version version_min;
    struct tls_certificate *certificates; /* owned; the first is the default one */
    size_t count;
    char *ca_file;            /* of the peers' certificates: servers' or clients' */
    char *server_name;        /* NULL: the address's */
    unsigned char *protocols; /* as ALPN sends them: each after its length */
    size_t protocols_size;
};

/** Errors: -EINVAL with a sentence; -ENOMEM. */
FC_NODISCARD int tls_config_init(struct tls_config *config, const struct fc_tls_options *options,
                                 struct fc_error *error);
void tls_config_fini(struct tls_config *config);

#endif
