/* SPDX-License-Identifier: MIT */
/*
 * Bytes between the socket and the rest, with TLS or without. Under TLS two things differ: reading
 * may have to wait until the socket can be written and the reverse (is_crossed), and bytes may be
 * decrypted already of which no poll will tell (is_unread).
 */
#include "net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static long receive_plain(struct fc_conn *conn, const struct fc_space *parts, uint32_t count)
{
    struct iovec iov[FC_WS_INPUT_PARTS];
    for (uint32_t i = 0; i < count; i++) {
        iov[i] = (struct iovec){ parts[i].data, parts[i].size };
    }
    for (;;) {
        const ssize_t size = count == 1 ? read(conn->watch.fd, parts->data, parts->size)
                                        : readv(conn->watch.fd, iov, (int)count);
        if (size >= 0) {
            return size;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return -1;
        }
        if (errno != EINTR) {
            return 0;
        }
    }
}

static long receive_tls(struct fc_conn *conn, struct fc_space room)
{
    enum tls_step wants = TLS_WANT_READ;
    const long size = tls_read(conn->tls, room, &wants);
    if (size == -EAGAIN) {
        conn->is_crossed = conn->is_crossed || wants == TLS_WANT_WRITE;
        conn->is_unread = false;
        return -1;
    }
    conn->is_unread = size > 0 && tls_has_buffered(conn->tls);
    return size > 0 ? size : 0;
}

long conn_receive_parts(struct fc_conn *conn, const struct fc_space *parts, uint32_t count)
{
    return conn->tls ? receive_tls(conn, *parts) : receive_plain(conn, parts, count);
}

long conn_receive(struct fc_conn *conn, struct fc_space room)
{
    return conn_receive_parts(conn, &room, 1);
}

static bool transmit_plain(struct fc_conn *conn, const struct iovec *iov, int count, size_t *size)
{
    const struct msghdr header = {
        .msg_iov = (struct iovec *)(uintptr_t)iov,
        .msg_iovlen = (size_t)count,
    };
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const ssize_t sent = count == 1 ? send(conn->watch.fd, iov->iov_base, iov->iov_len, flags)
                                    : sendmsg(conn->watch.fd, &header, flags);
    if (sent >= 0) {
        *size = (size_t)sent;
        return true;
    }
    *size = 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
        conn->is_blocked = true;
        return false;
    }
    if (errno != EINTR) {
        conn_kill(conn);
    }
    return errno == EINTR;
}

static bool transmit_tls(struct fc_conn *conn, const struct iovec *iov, int count, size_t *size)
{
    enum tls_step wants = TLS_WANT_WRITE;
    const long sent = tls_write(conn->tls, iov, count, &wants);
    *size = sent > 0 ? (size_t)sent : 0;
    if (sent == -EAGAIN) {
        conn->is_blocked = true;
        conn->is_crossed = conn->is_crossed || wants == TLS_WANT_READ;
        return false;
    }
    if (sent < 0) {
        conn_kill(conn);
        return false;
    }
    return true;
}

bool conn_transmit(struct fc_conn *conn, const struct iovec *iov, int count, size_t *size)
{
    return conn->tls ? transmit_tls(conn, iov, count, size)
                     : transmit_plain(conn, iov, count, size);
}

bool conn_has_unsent(const struct fc_conn *conn)
{
    return outbox_has_due(&conn->outbox) || (conn->tls && tls_has_pending_output(conn->tls));
}

void conn_refuse_tls(struct fc_conn *conn)
{
    char why[320];
    snprintf(why, sizeof(why), "TLS: %s", tls_reason(conn->tls));
    conn_refuse(conn, why, false);
}

static void secure_failed(struct fc_conn *conn)
{
    if (conn->hello) {
        conn_refuse_tls(conn);
        return;
    }
    conn->host->count(conn->host, CONN_BAD_REQUESTS);
    conn_kill(conn);
}

void conn_secure(struct fc_conn *conn)
{
    conn->is_blocked = false;
    switch (tls_handshake(conn->tls)) {
    case TLS_DONE:
        if (conn->hello) {
            conn_hello_begin(conn);
        } else {
            conn_enter(conn, CONN_HEAD);
        }
        if (conn->state != CONN_DEAD) {
            conn_read(conn); /* what came with the end of the handshake */
        }
        break;
    case TLS_WANT_READ:
        break;
    case TLS_WANT_WRITE:
        conn->is_blocked = true;
        break;
    case TLS_FAILED:
        secure_failed(conn);
        break;
    }
    conn_update_watch(conn);
}
