/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's contexts: one for each certificate, alike in all else, because a connection moves to
 * that of the name it asks for in the middle of its handshake.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/error.h"
#include "net/tls_context.h"
#include "net/tls_files.h"
#include "net/tls_reason.h"

#define SESSION_CONTEXT "framecast"

/* ---- what is chosen during a handshake ---- */

/* "*.example.com" is for "a.example.com", not for "example.com" or "a.b.example.com". */
static bool is_for(const char *pattern, const char *name, bool is_wildcard)
{
    if (!is_wildcard) {
        return strcasecmp(pattern, name) == 0;
    }
    const char *rest = strchr(name, '.');
    return strncmp(pattern, "*.", 2) == 0 && rest && rest > name &&
           strcasecmp(pattern + 1, rest) == 0;
}

static SSL_CTX *find_name(const struct tls_setup *setup, const char *name, bool is_wildcard)
{
    for (size_t i = 1; i < setup->config->count; i++) {
        if (is_for(setup->config->certificates[i].name, name, is_wildcard)) {
            return setup->contexts[i];
        }
    }
    return NULL;
}

/* Spec: RFC 6066 section 3. A name that is nobody's gets the default certificate. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
    const struct tls_setup *setup = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX *found = name ? find_name(setup, name, false) : NULL;
    if (name && !found) {
        found = find_name(setup, name, true);
    }
    if (found && !SSL_set_SSL_CTX(ssl, found)) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

/* Spec: RFC 7301 section 3.2 */
static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                        const unsigned char *offered, unsigned offered_size, void *arg)
{
    const struct tls_setup *setup = arg;
    const struct tls_config *config = setup->config;
    unsigned char *chosen = NULL;
    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_size, config->protocols,
                              (unsigned)config->protocols_size, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- making one ---- */

static int out_of_memory(struct fc_error *error)
{
    tls_reason_clear();
    error_set(error, "TLS: out of memory");
    return -ENOMEM;
}

static bool set_version(SSL_CTX *ctx, enum fc_tls_version wanted)
{
    const int version = wanted == FC_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    /* the system's configuration may be stricter */
    return (int)SSL_CTX_get_min_proto_version(ctx) >= version ||
           SSL_CTX_set_min_proto_version(ctx, version) == 1;
}

static SSL_CTX *new_plain(const struct tls_config *config)
{
    SSL_CTX *ctx = SSL_CTX_new(config->is_client ? TLS_client_method() : TLS_server_method());
    if (!ctx || !set_version(ctx, config->version_min)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    /* a stream that is cut is an end like any other: what is inside knows whether it is whole */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1); /* header and record in one recv() */
    /* sessions are in the clients' tickets, not in our memory, which their number would fill */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ctx;
}

static int set_server(SSL_CTX *ctx, struct tls_setup *setup, X509_STORE *authorities,
                      struct fc_error *error)
{
    static const unsigned char session_context[] = SESSION_CONTEXT;
    const struct tls_config *config = setup->config;
    SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
    SSL_CTX_set_tlsext_servername_arg(ctx, setup);
    if (config->protocols_size > 0) {
        SSL_CTX_set_alpn_select_cb(ctx, on_protocols, setup);
    }
    if (SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1) != 1) {
        return out_of_memory(error);
    }
    if (authorities) {
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(config->ca_file);
        if (!names) {
            return out_of_memory(error); /* they have just been read */
        }
        SSL_CTX_set_client_CA_list(ctx, names);
        SSL_CTX_set_verify(
            ctx,
            SSL_VERIFY_PEER |
                (config->clients_may_be_unknown ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
            NULL);
    }
    return 0;
}

static int set_client(SSL_CTX *ctx, const struct tls_config *config, const X509_STORE *authorities,
                      struct fc_error *error)
{
    SSL_CTX_set_verify(ctx, config->is_insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!authorities && !config->is_insecure && SSL_CTX_set_default_verify_paths(ctx) != 1) {
        return out_of_memory(error);
    }
    if (config->protocols_size > 0 &&
        SSL_CTX_set_alpn_protos(ctx, config->protocols, (unsigned)config->protocols_size) != 0) {
        return out_of_memory(error);
    }
    return 0;
}

static int new_context(SSL_CTX **out, struct tls_setup *setup, size_t index,
                       X509_STORE *authorities, struct fc_error *error)
{
    const struct tls_config *config = setup->config;
    SSL_CTX *ctx = new_plain(config);
    if (!ctx) {
        return out_of_memory(error);
    }
    if (authorities) {
        SSL_CTX_set1_cert_store(ctx, authorities);
    }
    int err = config->is_client ? set_client(ctx, config, authorities, error)
                                : set_server(ctx, setup, authorities, error);
    if (!err && config->certificates[index].cert_file) {
        err = tls_files_certificate(ctx, &config->certificates[index], error);
    }
    if (err) {
        SSL_CTX_free(ctx);
        return err;
    }
    *out = ctx;
    return 0;
}

static int make_contexts(struct tls_setup *setup, struct fc_error *error)
{
    X509_STORE *authorities = NULL;
    int err = 0;
    if (setup->config->ca_file) {
        err = tls_files_authorities(&authorities, setup->config->ca_file, error);
    }
    for (size_t i = 0; !err && i < setup->config->count; i++) {
        err = new_context(&setup->contexts[i], setup, i, authorities, error);
    }
    X509_STORE_free(authorities); /* the contexts share it */
    return err;
}

int tls_setup_new(struct tls_setup **out, const struct tls_config *config, struct fc_error *error)
{
    tls_reason_clear();
    struct tls_setup *setup = calloc(1, sizeof(*setup));
    if (!setup) {
        return out_of_memory(error);
    }
    atomic_init(&setup->refs, 1);
    setup->config = config;
    setup->contexts = calloc(config->count, sizeof(SSL_CTX *));
    const int err = setup->contexts ? make_contexts(setup, error) : out_of_memory(error);
    tls_reason_clear();
    if (err) {
        tls_setup_unref(&setup);
        return err;
    }
    *out = setup;
    return 0;
}

struct tls_setup *tls_setup_ref(struct tls_setup *setup)
{
    const unsigned before = atomic_fetch_add_explicit(&setup->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return setup;
}

void tls_setup_unref(struct tls_setup **setup)
{
    struct tls_setup *s = *setup;
    *setup = NULL;
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; s->contexts && i < s->config->count; i++) {
        SSL_CTX_free(s->contexts[i]);
    }
    tls_reason_clear(); /* without memory, even releasing leaves something */
    free(s->contexts);
    free(s);
}
