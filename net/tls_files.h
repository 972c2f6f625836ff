/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include <openssl/ssl.h>

#include "net/tls_config.h"

/*
 * Files into OpenSSL's objects. Errors: -errno for a file that cannot be read, -EBADMSG for one
 * with other things in it than it should have, -ENOMEM; each with a sentence.
 */

/** Have ctx use a certificate and its key. A certificate whose time is not now is a sentence in
 *  error, and no failure. */
FC_NODISCARD int tls_files_certificate(SSL_CTX *ctx, const struct tls_certificate *certificate,
                                       struct fc_error *error);

/** Read authorities. Ownership: gives; release with X509_STORE_free(). */
FC_NODISCARD int tls_files_authorities(X509_STORE **out, const char *file, struct fc_error *error);

#endif
