/* SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/error.h"

#define PLAIN_PREFIX "tcp:"
#define BACKLOG 1024
#define ACCEPTS_PER_TURN 64
#define PAUSE_MS 200

struct listener {
    int fd; /* owned; -1 once closed */
    struct address address;
    char text[ADDRESS_TEXT_SIZE];
    uv_poll_t poll;
    uv_timer_t pause;
    bool is_started;
    bool is_plain; /* no TLS, whatever the server speaks */
    struct listener_sink sink;
    dev_t device; /* of a Unix socket's file, so that only ours is removed */
    ino_t inode;
};

/* A socket file that nobody listens on is left from an earlier run and may be replaced. */
static void remove_stale_socket(const struct address *address)
{
    struct sockaddr_un local;
    memcpy(&local, &address->storage, sizeof(local));
    struct stat status;
    if (lstat(local.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return;
    }
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return;
    }
    if (connect(probe, (const struct sockaddr *)&local, sizeof(local)) != 0 &&
        errno == ECONNREFUSED) {
        unlink(local.sun_path);
    }
    close(probe);
}

static bool stat_file(const struct listener *listener, struct stat *status)
{
    struct sockaddr_un local;
    memcpy(&local, &listener->address.storage, sizeof(local));
    return lstat(local.sun_path, status) == 0;
}

static void note_file(struct listener *listener)
{
    struct stat status;
    if (stat_file(listener, &status)) {
        listener->device = status.st_dev;
        listener->inode = status.st_ino;
    }
}

/* Unless somebody else listens at that path by now. */
static void remove_file(const struct listener *listener)
{
    struct stat status;
    if (stat_file(listener, &status) && status.st_dev == listener->device &&
        status.st_ino == listener->inode) {
        struct sockaddr_un local;
        memcpy(&local, &listener->address.storage, sizeof(local));
        unlink(local.sun_path);
    }
}

static int bind_and_listen(struct listener *listener)
{
    const int family = listener->address.storage.ss_family;
    listener->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0) {
        return -errno;
    }
    const int on = 1;
    if (family == AF_UNIX) {
        remove_stale_socket(&listener->address);
    } else {
        (void)setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (family == AF_INET6) {
        /* [::] alone, so that 0.0.0.0 can be listened on beside it */
        (void)setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    const struct sockaddr *name = (const struct sockaddr *)&listener->address.storage;
    if (bind(listener->fd, name, listener->address.size) != 0 ||
        listen(listener->fd, BACKLOG) != 0) {
        return -errno;
    }
    if (family == AF_UNIX) {
        note_file(listener);
    }
    struct address *bound = &listener->address;
    bound->size = sizeof(bound->storage);
    if (getsockname(listener->fd, (struct sockaddr *)&bound->storage, &bound->size) != 0) {
        return -errno;
    }
    return 0;
}

static const char *hint(int err)
{
    switch (err) {
    case -EADDRINUSE:
        return "; another program listens there: stop it or choose another port with --listen";
    case -EACCES:
        return "; ports below 1024 and some paths need more rights: choose another";
    case -EADDRNOTAVAIL:
        return "; this machine has no such address: see 'ip address'";
    default:
        return "";
    }
}

int listener_open(struct listener **out, const char *text, struct fc_error *error)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    if (!listener) {
        error_set(error, "out of memory");
        return -ENOMEM;
    }
    listener->fd = -1;
    listener->is_plain = strncmp(text, PLAIN_PREFIX, strlen(PLAIN_PREFIX)) == 0;
    text += listener->is_plain ? strlen(PLAIN_PREFIX) : 0;
    int err = address_parse(text, &listener->address, error);
    if (err) {
        goto out;
    }
    err = bind_and_listen(listener);
    if (err) {
        error_set(error, "cannot listen on '%s': %s%s", text, strerror(-err), hint(err));
        goto out;
    }
    address_format(&listener->address, listener->text);
    *out = listener;
    listener = NULL;
out:
    listener_free(&listener);
    return err;
}

static void close_socket(struct listener *listener)
{
    if (listener->fd < 0) {
        return;
    }
    if (listener->inode) {
        remove_file(listener);
    }
    close(listener->fd);
    listener->fd = -1;
}

void listener_free(struct listener **listener)
{
    struct listener *l = *listener;
    *listener = NULL;
    if (!l) {
        return;
    }
    close_socket(l);
    free(l);
}

const char *listener_address(const struct listener *listener)
{
    return listener->text;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

/* The next one may be well: accept(2) passes on what befell a connection that waited. */
static bool is_of_one_connection(int err)
{
    switch (err) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

/* Out of descriptors or memory, or nothing that is known: trying at once would only burn time. */
static void pause_accepting(struct listener *listener)
{
    uv_poll_stop(&listener->poll);
    (void)uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
    listener->sink.paused(listener->sink.ctx);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct listener *listener = poll->data;
    if (status < 0) {
        pause_accepting(listener);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct address peer = { .size = sizeof(peer.storage) };
        const int fd = accept4(listener->fd, (struct sockaddr *)&peer.storage, &peer.size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return;
            }
            if (is_of_one_connection(errno)) {
                continue;
            }
            pause_accepting(listener);
            return;
        }
        peer.storage.ss_family = listener->address.storage.ss_family; /* also of an unnamed one */
        if (address_is_internet(&peer)) {
            const int on = 1;
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        }
        const bool is_plain = listener->is_plain || !address_is_internet(&peer);
        listener->sink.accepted(listener->sink.ctx, fd, &peer, is_plain);
    }
}

int listener_start(struct listener *listener, uv_loop_t *loop, const struct listener_sink *sink)
{
    listener->sink = *sink;
    int err = uv_poll_init(loop, &listener->poll, listener->fd);
    if (err) {
        return err;
    }
    (void)uv_timer_init(loop, &listener->pause);
    listener->poll.data = listener;
    listener->pause.data = listener;
    listener->is_started = true;
    return uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

void listener_stop(struct listener *listener)
{
    if (!listener->is_started) {
        return;
    }
    listener->is_started = false;
    uv_close((uv_handle_t *)&listener->poll, NULL);
    uv_close((uv_handle_t *)&listener->pause, NULL);
    close_socket(listener);
}
