/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <sys/uio.h>

#include <framecast/bytes.h>
#include <framecast/tls.h>

/*
 * One connection's TLS over a socket that does not block. Nobody else reads or writes the socket
 * meanwhile. Threads: its loop's.
 */

struct tls;

/** TLS_WANT_READ, _WRITE: call again when the socket is ready for that. */
enum tls_step { TLS_DONE, TLS_WANT_READ, TLS_WANT_WRITE, TLS_FAILED };

/** True when the context is for clients. Threads: any. */
bool tls_context_is_client(const struct fc_tls *context);

/**
 * Make one; nothing is sent yet.
 *
 * @param server_name  client: the host's name or IP address, without brackets; server: NULL
 *
 * Errors:    -EINVAL when the context is of the other role, or the name cannot be one; -ENOMEM.
 * Ownership: gives; borrows fd; keeps what it needs of the context.
 */
FC_NODISCARD int tls_open(struct tls **out, struct fc_tls *context, int fd,
                          const char *server_name);

/** Release, and set the pointer to NULL. No I/O. Ignores NULL. */
void tls_free(struct tls **tls);

/** Go on with the handshake. TLS_DONE: all of it has been sent, too. */
enum tls_step tls_handshake(struct tls *tls);

/**
 * As recv(): at most one record.
 *
 * Errors:    0 at the end of the stream; -EAGAIN, and wants says what for; else -errno, and
 *            tls_reason() says why. What is neither sticks.
 */
long tls_read(struct tls *tls, struct fc_space room, enum tls_step *wants);

/**
 * As sendmsg(). Bytes that are counted as sent have been taken for good: they may be part of a
 * record that the socket took only the beginning of. The rest of it goes first in the next call,
 * which may well be one with nothing (count 0).
 *
 * Errors:    as tls_read(), but for the end.
 */
long tls_write(struct tls *tls, const struct iovec *iov, int count, enum tls_step *wants);

/** Whether bytes wait inside of which no poll will tell. */
bool tls_has_buffered(const struct tls *tls);

/** Whether a part of a record is yet to be sent. */
bool tls_has_pending_output(const struct tls *tls);

/** Say that no more will be sent, as far as the socket takes it. The other direction goes on. */
void tls_shutdown(struct tls *tls);

/** Why it failed, for people, without full stop; "" before. Borrowed. */
const char *tls_reason(const struct tls *tls);

/** Whether the stream ended without the peer's word for it (close_notify): perhaps it was cut. */
bool tls_is_truncated(const struct tls *tls);

/* What was agreed; after the handshake. All borrowed. */

/** "TLSv1.3" */
const char *tls_version(const struct tls *tls);
/** "TLS_AES_256_GCM_SHA384" */
const char *tls_cipher(const struct tls *tls);
/** What is spoken inside; empty: nothing was said about it. */
struct fc_bytes tls_protocol(const struct tls *tls);
/** The name that the client asked for; NULL: none. */
const char *tls_server_name(const struct tls *tls);
/** The subject of the peer's verified certificate, as RFC 2253 writes it; NULL: none. */
const char *tls_subject(const struct tls *tls);

#endif
