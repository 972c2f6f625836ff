/* SPDX-License-Identifier: MIT */
#include "cli/dial.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define START_HINT "is framecast running there?"

static FC_PRINTF(3, 4) int fail(const struct dial *dial, int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(dial->why, dial->why_size, format, args);
    va_end(args);
    return err;
}

int dial_wait(const struct dial *dial, int fd, short events)
{
    for (;;) {
        const int64_t left_ns = dial->deadline_ns - clock_steady_ns();
        if (left_ns <= 0) {
            return -ETIMEDOUT;
        }
        const int64_t left_ms = left_ns / NS_PER_MS + 1;
        struct pollfd fds[] = {
            { .fd = fd, .events = events },
            { .fd = dial->interrupt_fd, .events = POLLIN },
        };
        const int ready = poll(fds, 2, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
        if (ready < 0 && errno != EINTR) {
            return -errno;
        }
        if (ready > 0) {
            return fds[1].revents ? -EINTR : 0;
        }
    }
}

/* Connecting */

static int socket_connect(const struct dial *dial, const struct sockaddr *address, socklen_t size,
                          int *out)
{
    const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int err = connect(fd, address, size) == 0 ? 0 : -errno;
    if (err == -EINPROGRESS) {
        err = dial_wait(dial, fd, POLLOUT);
        int result = 0;
        socklen_t result_size = sizeof(result);
        if (!err && getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &result_size) == 0) {
            err = -result;
        }
    }
    if (err) {
        close(fd);
        return err;
    }
    *out = fd;
    return 0;
}

static int connect_unix(const struct dial *dial, int *fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, dial->url->socket, sizeof(dial->url->socket));
    _Static_assert(sizeof(address.sun_path) >= URL_SOCKET_SIZE, "a socket's path fits");
    /* A Unix socket whose queue is full says EAGAIN at once; trying again is the caller's. */
    const int err =
        socket_connect(dial, (const struct sockaddr *)&address, (socklen_t)sizeof(address), fd);
    if (err && err != -EINTR) {
        return fail(dial, err, "cannot connect to unix:%s: %s; " START_HINT, dial->url->socket,
                    strerror(-err));
    }
    return err;
}

static int connect_each(const struct dial *dial, const struct addrinfo *first, int *fd)
{
    int err = -EHOSTUNREACH;
    for (const struct addrinfo *at = first; at; at = at->ai_next) {
        err = socket_connect(dial, at->ai_addr, at->ai_addrlen, fd);
        if (!err || err == -EINTR || err == -ETIMEDOUT) {
            break;
        }
    }
    return err;
}

int dial_connect(const struct dial *dial, int *fd)
{
    const struct url *url = dial->url;
    if (url->is_unix) {
        return connect_unix(dial, fd);
    }
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *addresses = NULL;
    const int code = getaddrinfo(url->host, url->port, &hints, &addresses);
    if (code != 0) {
        return fail(dial, -EHOSTUNREACH, "cannot look up the host '%.120s': %s; is it spelt right?",
                    url->host, code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
    }

    const int err = connect_each(dial, addresses, fd);
    freeaddrinfo(addresses);
    if (err && err != -EINTR) {
        return fail(dial, err, "cannot connect to %.200s: %s; " START_HINT, url->authority,
                    err == -ETIMEDOUT ? "no answer in time" : strerror(-err));
    }
    if (!err) {
        const int one = 1; /* acknowledgements are small and wanted soon */
        (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    return err;
}

/* One request */

static int send_whole(const struct dial *dial, int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
        if (sent >= 0) {
            text += sent;
            left -= (size_t)sent;
            continue;
        }
        const int err = errno == EAGAIN ? dial_wait(dial, fd, POLLOUT) : -errno;
        if (err && err != -EINTR) {
            return fail(dial, err, "%.200s: the request could not be sent: %s",
                        dial->url->authority, strerror(-err));
        }
        if (err) {
            return err;
        }
    }
    return 0;
}

int dial_receive(const struct dial *dial, int fd, struct fc_space room, size_t *size)
{
    for (;;) {
        const ssize_t got = recv(fd, room.data, room.size, 0);
        if (got >= 0) {
            *size = (size_t)got;
            return 0;
        }
        const int err = errno == EAGAIN ? dial_wait(dial, fd, POLLIN) : -errno;
        if (err == -EINTR) {
            return err;
        }
        if (err) {
            return fail(dial, err, "%.200s: no answer to the request: %s", dial->url->authority,
                        err == -ETIMEDOUT ? "it took too long" : strerror(-err));
        }
    }
}

int dial_request(const struct dial *dial, int fd, const char *request, struct dial_answer *out)
{
    int err = send_whole(dial, fd, request);
    size_t scanned = 0;
    out->size = 0;
    while (!err) {
        const struct fc_bytes so_far = { out->bytes, out->size };
        const enum fc_http_step step =
            fc_http_response_parse(so_far, &scanned, &out->head, &out->head_bytes);
        if (step == FC_HTTP_STEP_DONE) {
            return 0;
        }
        if (step == FC_HTTP_STEP_FAIL) {
            return fail(dial, -EPROTO, "%.200s does not speak HTTP; is it framecast's address?",
                        dial->url->authority);
        }
        size_t got = 0;
        const struct fc_space room = { out->bytes + out->size, sizeof(out->bytes) - out->size };
        err = dial_receive(dial, fd, room, &got);
        if (!err && got == 0) {
            return fail(dial, -ECONNRESET, "%.200s closed the connection without an answer",
                        dial->url->authority);
        }
        out->size += got;
    }
    return err;
}
