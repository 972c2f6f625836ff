/* SPDX-License-Identifier: MIT */
/*
 * raw PORT sink|echo|broadcast [SIZE]: the work of bench/server by plain send and recv on
 * 127.0.0.1, without any protocol. It is the limit that protocols are measured against.
 *
 * sink       receive, discard; at the end of a client's stream, close
 * echo       send back what came
 * broadcast  the line "go N" from any client sends N records of SIZE bytes to every client, each at
 *            its own pace
 *
 * One thread, one epoll. Records have no header: both ends know SIZE. One byte greets each client,
 * so that it knows when it is among those who are sent to, as the end of a handshake says it
 * elsewhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/list.h"

#define TRANSFER_BYTES (256 * 1024) /* one call moves no more: it stays in cache */
#define BLOCK_BYTES (64 * 1024)     /* small records are laid side by side up to this */
#define PARTS_MAX (TRANSFER_BYTES / (BLOCK_BYTES / 2))
#define EVENTS_MAX 512
#define NUMBER_MAX 100000000
#define SEND_BUFFER_BYTES (128 * 1024)  /* else it grows to megabytes, which fall out of cache */
#define LARGE_RECORD_BYTES (512 * 1024) /* and its send buffer: fewer wake-ups */

struct client {
    struct list_link link; /* in clients */
    int fd;
    uint32_t watched;   /* what epoll was asked for */
    uint64_t left;      /* broadcast: bytes it has yet to be sent */
    uint8_t *kept;      /* echo: what the socket did not take, NULL when it took all */
    size_t kept_offset; /* echo: of the first byte in kept that is unsent */
    size_t kept_size;
};

/* What a mode does when a client's socket has bytes, and when it has space. False: close it. */
struct mode {
    const char *name;
    bool (*readable)(struct client *client);
    bool (*writable)(struct client *client);
};

static int epoll;
static struct list_link clients;
static uint8_t buffer[TRANSFER_BYTES];
static uint8_t *block; /* records, side by side */
static size_t block_size;
static size_t record_size = 1000;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void watch(struct client *client, uint32_t events)
{
    if (client->watched != events) {
        struct epoll_event event = { .events = events, .data.ptr = client };
        if (epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event) < 0) {
            die("epoll_ctl");
        }
        client->watched = events;
    }
}

/* Bytes received into the buffer; 0 for nothing yet, -1 for the end of the stream. */
static ssize_t receive(const struct client *client)
{
    const ssize_t got = recv(client->fd, buffer, sizeof(buffer), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return got > 0 ? got : -1;
}

static bool is_full(ssize_t sent)
{
    return sent < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- sink ---- */

static bool sink_readable(struct client *client)
{
    return receive(client) >= 0;
}

static bool sink_writable(struct client *client)
{
    (void)client;
    return true;
}

/* ---- echo ---- */

static bool echo_keep(struct client *client, size_t offset, size_t size)
{
    client->kept = malloc(size);
    if (!client->kept) {
        return false;
    }
    memcpy(client->kept, buffer + offset, size);
    client->kept_offset = 0;
    client->kept_size = size;
    watch(client, EPOLLOUT); /* reads again when this is gone */
    return true;
}

static bool echo_readable(struct client *client)
{
    if (client->kept) { /* an error of the socket: sending says it too */
        return true;
    }
    const ssize_t got = receive(client);
    if (got <= 0) {
        return got == 0;
    }
    ssize_t sent = send(client->fd, buffer, (size_t)got, MSG_NOSIGNAL);
    if (is_full(sent)) {
        sent = 0;
    }
    return sent >= 0 && (sent == got || echo_keep(client, (size_t)sent, (size_t)(got - sent)));
}

static bool echo_writable(struct client *client)
{
    const ssize_t sent = send(client->fd, client->kept + client->kept_offset,
                              client->kept_size - client->kept_offset, MSG_NOSIGNAL);
    if (sent < 0) {
        return is_full(sent);
    }
    client->kept_offset += (size_t)sent;
    if (client->kept_offset == client->kept_size) {
        free(client->kept);
        client->kept = NULL;
        watch(client, EPOLLIN);
    }
    return true;
}

/* ---- broadcast ---- */

/* The same block over and over, from where the client's stream has come to. */
static size_t describe(const struct client *client, struct iovec *parts, size_t *size)
{
    size_t offset = (size_t)((block_size - client->left % block_size) % block_size);
    size_t count = 0;
    uint64_t left = client->left;
    *size = 0;
    while (left > 0 && count < PARTS_MAX && (*size == 0 || *size + block_size <= TRANSFER_BYTES)) {
        const size_t here = block_size - offset < left ? block_size - offset : (size_t)left;
        parts[count++] = (struct iovec){ block + offset, here };
        *size += here;
        left -= here;
        offset = 0;
    }
    return count;
}

/* Sends until the socket is full or nothing is left. */
static bool broadcast_writable(struct client *client)
{
    while (client->left > 0) {
        struct iovec parts[PARTS_MAX];
        size_t size = 0;
        const struct msghdr message = { .msg_iov = parts,
                                        .msg_iovlen = describe(client, parts, &size) };
        const ssize_t sent = sendmsg(client->fd, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            watch(client, EPOLLIN | EPOLLOUT);
            return is_full(sent);
        }
        client->left -= (uint64_t)sent;
        if ((size_t)sent < size) {
            watch(client, EPOLLIN | EPOLLOUT);
            return true;
        }
    }
    watch(client, EPOLLIN);
    return true;
}

static void client_close(struct client *client)
{
    list_remove(&client->link);
    close(client->fd);
    free(client->kept);
    free(client);
}

static bool broadcast_readable(struct client *client)
{
    const ssize_t got = receive(client);
    if (got <= 0) {
        return got == 0;
    }
    buffer[(size_t)got < sizeof(buffer) ? (size_t)got : sizeof(buffer) - 1] = '\0';
    const char *text = (const char *)buffer;
    const unsigned long count = strncmp(text, "go ", 3) == 0 ? strtoul(text + 3, NULL, 10) : 0;
    LIST_FOREACH (at, safe, &clients) {
        struct client *other = container_of(at, struct client, link);
        other->left += (uint64_t)record_size * (count < NUMBER_MAX ? count : NUMBER_MAX);
        /* One that is gone says so in its own event. */
        (void)broadcast_writable(other);
    }
    return true;
}

static void make_block(void)
{
    const size_t records = record_size < BLOCK_BYTES ? BLOCK_BYTES / record_size : 1;
    block_size = records * record_size;
    block = malloc(block_size);
    if (!block) {
        die("malloc");
    }
    memset(block, 'x', block_size);
}

/* ---- the loop ---- */

static void client_accept(int listener)
{
    struct client *client = calloc(1, sizeof(*client));
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (!client || fd < 0) {
        die("accept4");
    }
    const int on = 1;
    const int bytes = record_size < LARGE_RECORD_BYTES ? SEND_BUFFER_BYTES : LARGE_RECORD_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    client->fd = fd;
    client->watched = EPOLLIN;
    list_append(&clients, &client->link);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 || send(fd, "!", 1, MSG_NOSIGNAL) != 1) {
        die("a new client");
    }
}

static void serve(int listener, const struct mode *mode)
{
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        const int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (!client) {
                client_accept(listener);
            } else if ((events[i].events & ~(uint32_t)EPOLLOUT && !mode->readable(client)) ||
                       (events[i].events & EPOLLOUT && !mode->writable(client))) {
                client_close(client);
            }
        }
    }
}

static int listen_on(const char *port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    const int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        die(port);
    }
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        die("epoll");
    }
    printf("tcp://127.0.0.1:%d/\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static const struct mode modes[] = {
    { "sink", sink_readable, sink_writable },
    { "echo", echo_readable, echo_writable },
    { "broadcast", broadcast_readable, broadcast_writable },
};

int main(int argc, char **argv)
{
    if (argc > 3 && strtoul(argv[3], NULL, 10) > 0) {
        record_size = strtoul(argv[3], NULL, 10);
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[2], modes[i].name) == 0) {
            list_init(&clients);
            make_block();
            serve(listen_on(argv[1]), &modes[i]);
        }
    }
    fprintf(stderr, "raw PORT sink|echo|broadcast [SIZE]\n");
    return 2;
}
