/* SPDX-License-Identifier: MIT */
/* OpenSSL's own socket BIO calls write(), and a peer that has gone would kill us by SIGPIPE. */
#include "net/tls_socket.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* More is left only when a peer has us answer while it reads nothing: the longest flight of a
 * handshake is its certificates, and a record is 16 KiB. */
#define PENDING_MAX (256 * 1024)

static pthread_mutex_t method_lock = PTHREAD_MUTEX_INITIALIZER;
static BIO_METHOD *method; /* guarded by method_lock; made once, for the life of the program */

static bool is_again(int code)
{
    return code == EAGAIN || code == EWOULDBLOCK || code == ENOBUFS;
}

/* Send; how much was taken, or -errno. */
static long send_some(int fd, const uint8_t *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t sent = send(fd, data + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            done += (size_t)sent;
        } else if (is_again(errno)) {
            break;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return (long)done;
}

/* Keep what the kernel has not taken. */
static int keep(struct tls_socket *s, const uint8_t *data, size_t size)
{
    const size_t waiting = s->size - s->sent;
    if (waiting + size > PENDING_MAX) {
        return -ENOBUFS;
    }
    uint8_t *grown = malloc(waiting + size);
    if (!grown) {
        return -ENOMEM;
    }
    if (waiting > 0) {
        memcpy(grown, s->pending + s->sent, waiting);
    }
    memcpy(grown + waiting, data, size);
    free(s->pending);
    s->pending = grown;
    s->sent = 0;
    s->size = waiting + size;
    return 0;
}

int tls_socket_flush(struct tls_socket *s)
{
    if (s->error) {
        return -s->error;
    }
    if (!s->pending) {
        return 0;
    }
    const long sent = send_some(s->fd, s->pending + s->sent, s->size - s->sent);
    if (sent < 0) {
        s->error = (int)-sent;
        return -s->error;
    }
    s->sent += (size_t)sent;
    if (s->sent < s->size) {
        return -EAGAIN;
    }
    tls_socket_fini(s);
    return 0;
}

void tls_socket_fini(struct tls_socket *s)
{
    free(s->pending);
    s->pending = NULL;
    s->sent = s->size = 0;
}

/* ---- what OpenSSL calls ---- */

static int on_write(BIO *bio, const char *data, size_t size, size_t *written)
{
    struct tls_socket *s = BIO_get_data(bio);
    const uint8_t *bytes = (const uint8_t *)data;
    BIO_clear_retry_flags(bio);
    long taken = -s->error;
    if (!s->error) {
        taken = s->pending ? 0 : send_some(s->fd, bytes, size);
    }
    if (taken >= 0 && (size_t)taken < size) {
        const int err = keep(s, bytes + taken, size - (size_t)taken);
        taken = err ? err : taken;
    }
    if (taken < 0) {
        s->error = (int)-taken;
        errno = s->error; /* OpenSSL looks at it */
        return 0;
    }
    *written = size;
    return 1;
}

static int on_read(BIO *bio, char *room, size_t size, size_t *got)
{
    struct tls_socket *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t result = 0;
    do {
        result = recv(s->fd, room, size, MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    if (result > 0) {
        *got = (size_t)result;
        return 1;
    }
    if (result == 0) {
        s->is_ended = true;
    } else if (is_again(errno)) {
        BIO_set_retry_read(bio);
    } else {
        s->error = errno;
    }
    return 0;
}

static long on_control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls_socket *s = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return s->is_ended;
    default:
        return 0;
    }
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "framecast socket");
    if (made && BIO_meth_set_write_ex(made, on_write) && BIO_meth_set_read_ex(made, on_read) &&
        BIO_meth_set_ctrl(made, on_control)) {
        return made;
    }
    BIO_meth_free(made);
    return NULL;
}

BIO *tls_socket_bio(struct tls_socket *socket)
{
    pthread_mutex_lock(&method_lock);
    if (!method) { /* also after it could not be made for lack of memory */
        method = make_method();
    }
    const BIO_METHOD *made = method;
    pthread_mutex_unlock(&method_lock);
    BIO *bio = made ? BIO_new(made) : NULL;
    if (bio) {
        BIO_set_data(bio, socket);
        BIO_set_init(bio, 1);
    }
    return bio;
}
