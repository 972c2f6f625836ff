/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_SOCKET_H
#define NET_TLS_SOCKET_H

#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The socket as OpenSSL sees it. It takes everything: what the kernel does not take at once is kept
 * here, and goes first the next time. So no write of OpenSSL's is ever left half done, with the
 * same bytes to be offered again. Threads: its connection's.
 */
struct tls_socket {
    int fd;           /* borrowed */
    int error;        /* the errno that broke it, 0: none */
    bool is_ended;    /* the peer ended its direction */
    uint8_t *pending; /* owned; NULL: nothing is left to be sent */
    size_t sent, size;
};

/** The BIO of a socket. Errors: NULL without memory. Ownership: gives; borrows socket. */
BIO *tls_socket_bio(struct tls_socket *socket);

/** Send what is left. Errors: -EAGAIN, the socket takes no more; -errno, it is broken. */
int tls_socket_flush(struct tls_socket *socket);

void tls_socket_fini(struct tls_socket *socket);

#endif
