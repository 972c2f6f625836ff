/* SPDX-License-Identifier: MIT */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/ws/mask.h"

#define PER_ADDRESS 8192 /* connections from one address of 127.0.0.0/8, well below its ports */
#define HEAD_MAX_BYTES 4096
#define FRAME_HEADER_MAX 14

/* The example of RFC 6455 section 1.3. */
static const char request[] = "GET / HTTP/1.1\r\n"
                              "Host: 127.0.0.1\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "\r\n";
static const char accepted[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

_Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "load: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

/* ---- connecting ---- */

static void shake_hands(int fd)
{
    char head[HEAD_MAX_BYTES + 1];
    size_t size = 0;
    link_send_all(fd, (const uint8_t *)request, sizeof(request) - 1);
    do {
        const ssize_t got = recv(fd, head + size, HEAD_MAX_BYTES - size, 0);
        if (got <= 0) {
            die("handshake", got == 0 ? "the server closed the connection" : strerror(errno));
        }
        size += (size_t)got;
        head[size] = '\0';
    } while (!strstr(head, "\r\n\r\n") && size < HEAD_MAX_BYTES);

    const char *end = strstr(head, "\r\n\r\n");
    if (strncmp(head, "HTTP/1.1 101", 12) != 0 || !strstr(head, accepted)) {
        die("the server did not accept the handshake", head);
    }
    if (!end || end + 4 != head + size) {
        die("handshake", "the server spoke before it was asked");
    }
}

/* bench/raw greets whom it has accepted with one byte. */
static void await_greeting(int fd)
{
    char byte;
    if (recv(fd, &byte, 1, 0) != 1) {
        die("greeting", strerror(errno));
    }
}

int link_open(const struct load *load, int index)
{
    const int on = 1;
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index / PER_ADDRESS)),
    };
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(load->port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) < 0 ||
        bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
        die("connecting", strerror(errno));
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (load->is_raw) {
        await_greeting(fd);
    } else {
        shake_hands(fd);
    }
    return fd;
}

void link_set_blocking(int fd, bool is_blocking)
{
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 ||
        fcntl(fd, F_SETFL, is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) < 0) {
        die("fcntl", strerror(errno));
    }
}

/* ---- sending ---- */

/* A client's header, RFC 6455 section 5.2; its size. */
static size_t put_header(uint8_t *out, int opcode, uint64_t size, const uint8_t key[4])
{
    const size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(0x80 | (extra == 0 ? size : extra == 2 ? 126 : 127));
    for (size_t i = 0; i < extra; i++) {
        out[2 + i] = (uint8_t)(size >> (8 * (extra - 1 - i)));
    }
    memcpy(out + 2 + extra, key, 4);
    return 2 + extra + 4;
}

/* One masked message; its size on the wire. */
static size_t put_frame(uint8_t *out, int opcode, const uint8_t *payload, size_t size)
{
    const uint32_t random = (uint32_t)rand() * 2654435761u;
    uint8_t key[4];
    memcpy(key, &random, sizeof(key));
    const size_t header = put_header(out, opcode, size, key);
    if (size > 0) {
        memcpy(out + header, payload, size);
        fc_ws_mask(out + header, size, key, 0);
    }
    return header + size;
}

struct block block_make(const struct load *load)
{
    uint8_t *payload = malloc(load->size + 1);
    const size_t size = load->size > 0 ? load->size : 1;
    const size_t count = size < TRANSFER_BYTES ? TRANSFER_BYTES / size : 1;
    uint8_t *data = malloc(count * (load->size + FRAME_HEADER_MAX));
    if (!payload || !data) {
        die("a message", strerror(ENOMEM));
    }
    for (size_t i = 0; i < load->size; i++) {
        payload[i] = (uint8_t)(i * 7 + i / 251);
    }
    struct block block = { .data = data };
    for (size_t i = 0; i < count; i++) {
        if (load->is_raw) {
            memcpy(data + block.size, payload, load->size);
            block.frame_size = load->size;
        } else {
            block.frame_size = put_frame(data + block.size, OPCODE_BINARY, payload, load->size);
        }
        block.size += block.frame_size;
    }
    block.transfer_size = count > 1 ? block.size : TRANSFER_BYTES;
    free(payload);
    return block;
}

void link_send_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd wait = { .fd = fd, .events = POLLOUT };
            (void)poll(&wait, 1, -1);
        } else if (sent < 0 && errno != EINTR) {
            die("sending", strerror(errno));
        } else if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        }
    }
}

void link_send_go(const struct load *load, int fd, unsigned long count)
{
    char text[32];
    uint8_t frame[sizeof(text) + FRAME_HEADER_MAX];
    const int size = snprintf(text, sizeof(text), load->is_raw ? "go %lu\n" : "go %lu", count);
    if (load->is_raw) {
        link_send_all(fd, (const uint8_t *)text, (size_t)size);
    } else {
        link_send_all(fd, frame,
                      put_frame(frame, OPCODE_TEXT, (const uint8_t *)text, (size_t)size));
    }
}

void link_drain(const struct load *load, int fd)
{
    uint8_t bytes[1024];
    struct reader reader = { .message_size = load->size };
    if (load->is_raw) {
        shutdown(fd, SHUT_WR);
    } else {
        link_send_all(fd, bytes, put_frame(bytes, OPCODE_PING, NULL, 0));
    }
    while (reader.pongs == 0) {
        const ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
        if (got == 0 && load->is_raw) {
            return;
        }
        if (got <= 0) {
            die("waiting for the pong", got == 0 ? "the server closed" : strerror(errno));
        }
        reader_feed(&reader, bytes, (size_t)got);
    }
}

/* ---- receiving ---- */

static void header_end(struct reader *reader)
{
    const uint8_t *head = reader->head;
    const uint8_t length = head[1] & 127;
    if (head[0] & 0x70 || head[1] & 0x80) {
        die("the server's frame", "it is masked or has reserved bits");
    }
    reader->payload_left = length;
    if (length >= 126) {
        reader->payload_left = 0;
        for (size_t i = 2; i < reader->head_size; i++) {
            reader->payload_left = reader->payload_left << 8 | head[i];
        }
    }
    if ((head[0] & 15) == OPCODE_CLOSE) {
        die("the server", "it closed the connection");
    }
    if ((head[0] & 15) <= OPCODE_BINARY) {
        reader->message_bytes += reader->payload_left;
    }
}

static void frame_end(struct reader *reader)
{
    const int opcode = reader->head[0] & 15;
    if (opcode == OPCODE_PONG) {
        reader->pongs++;
    } else if (opcode <= OPCODE_BINARY && reader->head[0] & 0x80) {
        if (reader->message_bytes != reader->message_size) {
            die("the server's message", "it has the wrong size");
        }
        reader->message_bytes = 0;
        reader->messages++;
    }
    reader->head_size = 0;
}

static size_t header_size(const struct reader *reader)
{
    const uint8_t length = reader->head_size < 2 ? 0 : reader->head[1] & 127;
    return length < 126 ? 2 : length == 126 ? 4 : 10;
}

static void feed_raw(struct reader *reader, size_t size)
{
    reader->message_bytes += size;
    reader->messages += reader->message_bytes / reader->message_size;
    reader->message_bytes %= reader->message_size;
}

void reader_feed(struct reader *reader, const uint8_t *data, size_t size)
{
    if (reader->is_raw) {
        feed_raw(reader, size);
        return;
    }
    while (size > 0) {
        if (reader->head_size < header_size(reader)) {
            reader->head[reader->head_size++] = *data++;
            size--;
            if (reader->head_size < header_size(reader)) {
                continue;
            }
            header_end(reader);
        }
        const size_t here = size < reader->payload_left ? size : (size_t)reader->payload_left;
        data += here;
        size -= here;
        reader->payload_left -= here;
        if (reader->payload_left == 0) {
            frame_end(reader);
        }
    }
}
