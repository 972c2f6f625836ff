/* SPDX-License-Identifier: MIT */
/*
 * A connection's TLS. Its life: tls_open(), tls_handshake() until it is done, then reading and
 * writing, tls_shutdown(), tls_free(). What fails, fails for good.
 *
 * OpenSSL asks that a write that could not be finished be repeated with the same bytes. A queue
 * that may put a pong in front meanwhile cannot promise that, so tls_socket.h takes each record
 * whole, and we make no new one before the last has gone.
 */
#include "net/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/text.h"
#include "net/tls_context.h"
#include "net/tls_reason.h"
#include "net/tls_socket.h"

#define RECORD_BYTES SSL3_RT_MAX_PLAIN_LENGTH
#define HOST_SIZE 256

struct tls {
    SSL *ssl;
    struct fc_tls *context;
    struct tls_setup *setup;
    struct tls_socket socket;
    char *reason;  /* owned; NULL: none, or there was no memory for it */
    char *subject; /* owned; NULL: none */
    int error;     /* why it failed, 0: it has not */
    bool is_ended; /* the peer has said its last */
};

/* ---- failing ---- */

static bool is_authority_missing(long verdict)
{
    return verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           verdict == X509_V_ERR_CERT_SIGNATURE_FAILURE; /* one of the same name is there */
}

/* Why the peer's certificate was refused; false when that was not the reason. */
static bool explain_verification(const struct tls *tls, char *text, size_t size)
{
    const unsigned long code = ERR_peek_last_error(); /* after what made it fail */
    if (ERR_GET_LIB(code) != ERR_LIB_SSL ||
        ERR_GET_REASON(code) != SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return false;
    }
    const long verdict = SSL_get_verify_result(tls->ssl);
    const bool is_client = tls->context->config.is_client;
    const char *asked = SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name);
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        snprintf(text, size, "the server's certificate is not for %s, so it may be another server",
                 asked ? asked : "this address");
        return true;
    }
    snprintf(text, size, "the %s's certificate is not trusted: %s%s",
             is_client ? "server" : "client", X509_verify_cert_error_string(verdict),
             !is_authority_missing(verdict) ? ""
             : is_client                    ? "; give its authority's with ca_file"
                                            : "; its authority is not in client_ca_file");
    return true;
}

static void explain(const struct tls *tls, bool is_handshake, char *text, size_t size)
{
    if (explain_verification(tls, text, size)) {
        return;
    }
    if (ERR_peek_error() != 0) {
        tls_reason_take(text, size);
    } else if (tls->socket.error) {
        snprintf(text, size, "the connection broke: %s", strerror(tls->socket.error));
    } else {
        snprintf(text, size, "the peer ended the connection%s",
                 is_handshake ? " during the handshake" : "");
    }
}

/* Note why, once. To be called before anything else of OpenSSL is. */
static int fail(struct tls *tls)
{
    assert(!tls->error);
    char text[TLS_REASON_SIZE];
    const bool is_memory = tls_reason_is_memory();
    explain(tls, !SSL_is_init_finished(tls->ssl), text, sizeof(text));
    tls->reason = text_copy_string(text);
    tls->error = tls->socket.error ? tls->socket.error : is_memory ? ENOMEM : EPROTO;
    (void)tls_socket_flush(&tls->socket); /* the alert that tells the peer why */
    tls_reason_clear();
    return -tls->error;
}

/* ---- making one ---- */

static bool is_address(const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* Ask for the server by name, and accept nobody else. Spec: RFC 6066 section 3, RFC 6125. */
static int expect_server(SSL *ssl, const char *name)
{
    char host[HOST_SIZE];
    size_t length = strlen(name);
    length -= length > 1 && name[length - 1] == '.'; /* certificates are without that dot */
    if (length == 0 || length >= sizeof(host)) {
        return -EINVAL;
    }
    memcpy(host, name, length);
    host[length] = '\0';
    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ? 0 : -ENOMEM;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : -ENOMEM;
}

static int prepare(struct tls *tls, const char *server_name)
{
    tls->ssl = SSL_new(tls->setup->contexts[0]);
    BIO *bio = tls->ssl ? tls_socket_bio(&tls->socket) : NULL;
    if (!bio) {
        return -ENOMEM;
    }
    SSL_set_bio(tls->ssl, bio, bio);
    if (!server_name) {
        SSL_set_accept_state(tls->ssl);
        return 0;
    }
    SSL_set_connect_state(tls->ssl);
    return expect_server(tls->ssl, server_name);
}

int tls_open(struct tls **out, struct fc_tls *context, int fd, const char *server_name)
{
    const struct tls_config *config = &context->config;
    if (config->is_client != (server_name != NULL)) {
        return -EINVAL;
    }
    struct tls *tls = calloc(1, sizeof(*tls));
    if (!tls) {
        return -ENOMEM;
    }
    tls_reason_clear();
    tls->socket.fd = fd;
    tls->context = fc_tls_ref(context);
    tls->setup = tls_context_setup(context);
    const int err = prepare(tls, config->server_name ? config->server_name : server_name);
    tls_reason_clear();
    if (err) {
        tls_free(&tls);
        return err;
    }
    *out = tls;
    return 0;
}

void tls_free(struct tls **tls)
{
    struct tls *t = *tls;
    *tls = NULL;
    if (!t) {
        return;
    }
    SSL_free(t->ssl);
    tls_reason_clear(); /* without memory, even releasing leaves something */
    tls_socket_fini(&t->socket);
    tls_setup_unref(&t->setup);
    fc_tls_unref(&t->context);
    free(t->reason);
    free(t->subject);
    free(t);
}

/* ---- the handshake ---- */

/* Who the peer proved to be. Errors: false without memory. */
static bool note_subject(struct tls *tls)
{
    X509 *peer = SSL_get0_peer_certificate(tls->ssl);
    if (!peer || SSL_get_verify_mode(tls->ssl) == SSL_VERIFY_NONE ||
        SSL_get_verify_result(tls->ssl) != X509_V_OK) {
        return true;
    }
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    if (text && X509_NAME_print_ex(text, X509_get_subject_name(peer), 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        const long size = BIO_get_mem_data(text, &bytes);
        tls->subject = text_copy((struct fc_bytes){ (const uint8_t *)bytes, (size_t)size });
    }
    BIO_free(text);
    return tls->subject != NULL;
}

static enum tls_step handshake_done(struct tls *tls)
{
    if (!tls->subject && !note_subject(tls)) {
        tls->error = ENOMEM;
        return TLS_FAILED;
    }
    return TLS_DONE;
}

enum tls_step tls_handshake(struct tls *tls)
{
    if (tls->error) {
        return TLS_FAILED;
    }
    tls_reason_clear();
    const int result = SSL_do_handshake(tls->ssl);
    const int problem = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, result);
    if (problem != SSL_ERROR_NONE && problem != SSL_ERROR_WANT_READ) {
        fail(tls);
        return TLS_FAILED;
    }
    const int err = tls_socket_flush(&tls->socket);
    if (err == -EAGAIN) {
        return TLS_WANT_WRITE;
    }
    if (err) {
        fail(tls);
        return TLS_FAILED;
    }
    return problem == SSL_ERROR_WANT_READ ? TLS_WANT_READ : handshake_done(tls);
}

/* ---- reading ---- */

long tls_read(struct tls *tls, struct fc_space room, enum tls_step *wants)
{
    if (tls->error || tls->is_ended) {
        return -tls->error;
    }
    tls_reason_clear();
    size_t size = 0;
    const int result = SSL_read_ex(tls->ssl, room.data, room.size, &size);
    if (result == 1) {
        return (long)size;
    }
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        (void)SSL_free_buffers(tls->ssl); /* a ticket that came leaves one behind */
        *wants = TLS_WANT_READ;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN: /* also when the stream ended without it */
        tls->is_ended = true;
        return 0;
    default:
        return fail(tls);
    }
}

/* ---- writing ---- */

/* A place in what is to be written. */
struct cursor {
    const struct iovec *iov;
    int count;
    size_t skip; /* of the first */
};

static void cursor_skip_empty(struct cursor *at)
{
    while (at->count > 0 && at->skip == at->iov->iov_len) {
        at->iov++;
        at->count--;
        at->skip = 0;
    }
}

static struct fc_bytes cursor_part(const struct cursor *at)
{
    return (struct fc_bytes){
        (const uint8_t *)at->iov->iov_base + at->skip,
        at->iov->iov_len - at->skip,
    };
}

/* What the next record holds: as it lies there, or put together in room when that lets more than
 * one part travel in it. */
static struct fc_bytes next_record(struct cursor *at, uint8_t room[RECORD_BYTES])
{
    struct fc_bytes part = cursor_part(at);
    if (part.size >= RECORD_BYTES || at->count == 1) {
        part.size = part.size < RECORD_BYTES ? part.size : RECORD_BYTES;
        at->skip += part.size;
        cursor_skip_empty(at);
        return part;
    }
    size_t size = 0;
    while (at->count > 0 && size < RECORD_BYTES) {
        part = cursor_part(at);
        const size_t left = RECORD_BYTES - size;
        const size_t taken = part.size < left ? part.size : left;
        memcpy(room + size, part.data, taken);
        size += taken;
        at->skip += taken;
        cursor_skip_empty(at);
    }
    return (struct fc_bytes){ room, size };
}

/* One record, which the socket takes whole. */
static int write_record(struct tls *tls, struct fc_bytes record, enum tls_step *wants)
{
    size_t size = 0;
    const int result = SSL_write_ex(tls->ssl, record.data, record.size, &size);
    if (result == 1) {
        assert(size == record.size);
        return 0;
    }
    if (SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ) {
        *wants = TLS_WANT_READ; /* the handshake is not done */
        return -EAGAIN;
    }
    return fail(tls);
}

long tls_write(struct tls *tls, const struct iovec *iov, int count, enum tls_step *wants)
{
    if (tls->error) {
        return -tls->error;
    }
    tls_reason_clear();
    int err = tls_socket_flush(&tls->socket);
    if (err) {
        *wants = TLS_WANT_WRITE;
        return err == -EAGAIN ? err : fail(tls);
    }
    uint8_t room[RECORD_BYTES];
    struct cursor at = { .iov = iov, .count = count };
    size_t taken = 0;
    cursor_skip_empty(&at);
    while (at.count > 0 && !tls->socket.pending) {
        const struct fc_bytes record = next_record(&at, room);
        err = write_record(tls, record, wants);
        if (err) {
            return taken > 0 ? (long)taken : err; /* a failure sticks: the next call tells */
        }
        taken += record.size;
    }
    return (long)taken;
}

bool tls_has_buffered(const struct tls *tls)
{
    return SSL_has_pending(tls->ssl) == 1;
}

bool tls_has_pending_output(const struct tls *tls)
{
    return tls->socket.pending != NULL;
}

void tls_shutdown(struct tls *tls)
{
    if (tls->error || !SSL_is_init_finished(tls->ssl)) {
        return;
    }
    tls_reason_clear();
    (void)tls_socket_flush(&tls->socket);
    if (!(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN)) {
        (void)SSL_shutdown(tls->ssl);
    }
    tls_reason_clear();
}

/* ---- asking ---- */

const char *tls_reason(const struct tls *tls)
{
    return tls->reason ? tls->reason : tls->error ? "out of memory" : "";
}

bool tls_is_truncated(const struct tls *tls)
{
    return tls->socket.is_ended || tls->socket.error;
}

const char *tls_version(const struct tls *tls)
{
    return SSL_get_version(tls->ssl);
}

const char *tls_cipher(const struct tls *tls)
{
    return SSL_get_cipher_name(tls->ssl);
}

struct fc_bytes tls_protocol(const struct tls *tls)
{
    const unsigned char *name = NULL;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls->ssl, &name, &size);
    return (struct fc_bytes){ name, size };
}

const char *tls_server_name(const struct tls *tls)
{
    return SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name);
}

const char *tls_subject(const struct tls *tls)
{
    return tls->subject;
}
