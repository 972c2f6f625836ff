/* SPDX-License-Identifier: MIT */
#include "net/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/error.h"
#include "net/tls_reason.h"

#define CERTIFICATE_HINT "give a PEM file with the certificate, and then its chain"
#define KEY_HINT "give a PEM file with the private key"
#define AUTHORITY_HINT "give a PEM file with the certificates of the authorities"

/* Why OpenSSL did not like what is in the file; to be called at once. */
static int bad_content(const char *what, const char *file, const char *hint, struct fc_error *error)
{
    if (tls_reason_is_memory()) {
        tls_reason_clear();
        error_set(error, "TLS: out of memory for the %s '%s'", what, file);
        return -ENOMEM;
    }
    char reason[TLS_REASON_SIZE];
    const unsigned long code = ERR_peek_error();
    const bool is_empty =
        ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    tls_reason_take(reason, sizeof(reason));
    error_set(error, "TLS: the %s '%s' cannot be used: %s; %s", what, file,
              is_empty ? "there is none in the file" : reason, hint);
    return -EBADMSG;
}

static int open_file(BIO **out, const char *what, const char *file, const char *hint,
                     struct fc_error *error)
{
    errno = 0;
    BIO *bio = BIO_new_file(file, "r");
    if (!bio) {
        const int err = errno ? errno : ENOMEM;
        tls_reason_clear();
        error_set(error, "TLS: cannot read the %s '%s': %s; %s", what, file, strerror(err), hint);
        return -err;
    }
    *out = bio;
    return 0;
}

/* Nobody is asked for a passphrase: there may be no terminal, and nobody at it. */
static int no_passphrase(char *room, int size, int is_writing, void *is_asked)
{
    (void)room;
    (void)size;
    (void)is_writing;
    *(bool *)is_asked = true;
    return -1;
}

/* ---- the certificate and its chain ---- */

static int read_chain(SSL_CTX *ctx, BIO *bio)
{
    for (;;) {
        bool is_asked = false;
        X509 *next = PEM_read_bio_X509(bio, NULL, no_passphrase, &is_asked);
        if (!next) {
            break;
        }
        if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
            X509_free(next);
            return -EBADMSG;
        }
    }
    const unsigned long code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE) {
        return -EBADMSG;
    }
    tls_reason_clear(); /* the end of the file */
    return 0;
}

static void warn_of_time(const X509 *certificate, const char *file, struct fc_error *error)
{
    const bool is_over = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    const bool is_early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
    if (is_over || is_early) {
        error_set(error, "TLS: the certificate '%s' %s; clients will refuse it", file,
                  is_over ? "has expired" : "is not valid yet");
    }
    tls_reason_clear();
}

static int use_certificate(SSL_CTX *ctx, const char *file, struct fc_error *error)
{
    BIO *bio = NULL;
    int err = open_file(&bio, "certificate", file, CERTIFICATE_HINT, error);
    if (err) {
        return err;
    }
    bool is_asked = false;
    X509 *certificate = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, &is_asked);
    if (!certificate || SSL_CTX_use_certificate(ctx, certificate) != 1 ||
        read_chain(ctx, bio) != 0) {
        err = bad_content("certificate", file, CERTIFICATE_HINT, error);
    } else {
        warn_of_time(certificate, file, error);
    }
    X509_free(certificate);
    BIO_free(bio);
    return err;
}

/* ---- the key ---- */

static int use_key(SSL_CTX *ctx, const struct tls_certificate *c, struct fc_error *error)
{
    BIO *bio = NULL;
    int err = open_file(&bio, "key", c->key_file, KEY_HINT, error);
    if (err) {
        return err;
    }
    bool is_asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &is_asked);
    if (is_asked) {
        error_set(error,
                  "TLS: the key '%s' is protected by a passphrase; take it away: openssl pkey -in "
                  "'%s' -out FILE",
                  c->key_file, c->key_file);
        err = -EBADMSG;
    } else if (!key) {
        err = bad_content("key", c->key_file, KEY_HINT, error);
    } else if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1) {
        error_set(error,
                  "TLS: the key '%s' is not that of the certificate '%s'; give the two that were "
                  "made together",
                  c->key_file, c->cert_file);
        err = -EBADMSG;
    } else if (SSL_CTX_use_PrivateKey(ctx, key) != 1) {
        err = bad_content("key", c->key_file, KEY_HINT, error);
    }
    tls_reason_clear();
    EVP_PKEY_free(key);
    BIO_free(bio);
    return err;
}

int tls_files_certificate(SSL_CTX *ctx, const struct tls_certificate *certificate,
                          struct fc_error *error)
{
    const int err = use_certificate(ctx, certificate->cert_file, error);
    return err ? err : use_key(ctx, certificate, error);
}

/* ---- authorities ---- */

int tls_files_authorities(X509_STORE **out, const char *file, struct fc_error *error)
{
    BIO *bio = NULL; /* only to hear why it cannot be read */
    const int err = open_file(&bio, "authorities' file", file, AUTHORITY_HINT, error);
    BIO_free(bio);
    if (err) {
        return err;
    }
    X509_STORE *store = X509_STORE_new();
    if (!store || X509_STORE_load_file(store, file) != 1) {
        X509_STORE_free(store);
        return bad_content("authorities' file", file, AUTHORITY_HINT, error);
    }
    tls_reason_clear();
    *out = store;
    return 0;
}
