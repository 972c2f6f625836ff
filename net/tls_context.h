/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "net/tls_config.h"

/** What the files said when they were last read. Never changes; the connections that were opened
 *  with it keep it. Threads: any. */
struct tls_setup {
    _Atomic unsigned refs;
    const struct tls_config *config; /* borrowed of the context */
    SSL_CTX **contexts;              /* owned; one for each certificate of the config */
};

/** Errors: as fc_tls_new(). Ownership: gives one reference; borrows config for its life. */
FC_NODISCARD int tls_setup_new(struct tls_setup **out, const struct tls_config *config,
                               struct fc_error *error);
struct tls_setup *tls_setup_ref(struct tls_setup *setup);
void tls_setup_unref(struct tls_setup **setup);

struct fc_tls {
    _Atomic unsigned refs;
    struct tls_config config;
    pthread_mutex_t reload;  /* held while files are read: the last reload is the one that counts */
    pthread_mutex_t lock;    /* never held for longer than an assignment */
    struct tls_setup *setup; /* guarded by lock */
};

/** The setup of now. Ownership: gives one reference. Threads: any. */
struct tls_setup *tls_context_setup(struct fc_tls *context);

#endif
