/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_TLS_H
#define FRAMECAST_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/error.h>

/*
 * TLS, for fc_server_options.tls and fc_client_options.tls: certificates, authorities, and what is
 * asked of the other side. TLS 1.2 and 1.3; ciphers are OpenSSL's defaults; there is no
 * renegotiation and no compression.
 */

FC_BEGIN

struct fc_tls; /* One role's. Threads: any. */

enum fc_tls_version {
    FC_TLS_1_2,
    FC_TLS_1_3,
};

/** A server's certificate for one of its names. */
struct fc_tls_certificate {
    const char *name;      /* "example.com", or "*.example.com": one label more, no matter which */
    const char *cert_file; /* as in the options */
    const char *key_file;
};

/** Zero means the default. Everything is copied. Files are PEM. */
struct fc_tls_options {
    bool is_client;

    /* Its own certificate, followed by those of the authorities between it and a known one; and its
       key, without a passphrase. Server: needed. Client: NULL: none. */
    const char *cert_file;
    const char *key_file; /* NULL: cert_file has the key as well */

    /* Server: chosen by the name that the client asks for (SNI), else it is cert_file. */
    const struct fc_tls_certificate *certificates;
    uint32_t certificate_count;

    /* Server: the authorities of the clients' certificates. A client without one is refused, unless
       clients_may_be_unknown: then only one with a bad certificate is. NULL: nobody is asked. */
    const char *client_ca_file;
    bool clients_may_be_unknown;

    /* Client: the authorities of servers' certificates; NULL: the system's. */
    const char *ca_file;
    /* Client: the name or IP address that the server's certificate must be for, and that is asked
       for; NULL: the host of the address. */
    const char *server_name;
    /* Client: DANGER: believe any server that it is the one meant. Whoever is in between reads and
       changes everything. */
    bool is_insecure;

    /* What is spoken inside (ALPN), the preferred first, ended by NULL. NULL: "http/1.1". */
    const char *const *protocols;
    enum fc_tls_version version_min;
};

/**
 * Read the files and make what they say.
 *
 * On success error is the empty sentence, or a warning about a certificate whose time is not now.
 *
 * Errors:    -EINVAL for options that cannot be, -errno for a file that cannot be read, -EBADMSG
 *            for one with other things in it than it should have, -ENOMEM; each with a sentence.
 * Ownership: gives one reference; release with fc_tls_unref().
 * Threads:   any.
 */
FC_API FC_NODISCARD int fc_tls_new(struct fc_tls **out, const struct fc_tls_options *options,
                                   struct fc_error *error);

/**
 * Read the files again. New connections use what they say now; those that exist keep what they
 * have. Tickets to resume a session do not outlive it.
 *
 * Errors:    as fc_tls_new(); nothing has changed then.
 * Threads:   any, while others use it. It reads files: from a loop, better on the executor.
 */
FC_API FC_NODISCARD int fc_tls_reload(struct fc_tls *tls, struct fc_error *error);

/** Take another reference. */
FC_API struct fc_tls *fc_tls_ref(struct fc_tls *tls);

/** Release a reference, and set the pointer to NULL. Ignores NULL. */
FC_API void fc_tls_unref(struct fc_tls **tls);

FC_END

#endif
