/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_WIRE_H
#define NET_TESTING_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The other side of the wire: a client that is nothing but a socket, and knows no more of
 * WebSocket than the shape of a frame. Everything fails the test when it does not work. */

#define WIRE_SIZE 65536

#define WIRE_UPGRADE(path)                                                              \
    "GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"

void wire_say_bytes(int fd, const void *bytes, size_t size);
void wire_say(int fd, const char *text);

/** Read until the text ends in `end`; without what follows. */
void wire_hear(int fd, const char *end, char text[WIRE_SIZE]);

/** Read so many bytes. */
void wire_hear_bytes(int fd, void *bytes, size_t size);

struct wire_answer {
    int status;
    char head[WIRE_SIZE];
    char content[WIRE_SIZE]; /* as long as Content-Length says, and a zero */
    bool has_length;
};

/** Read one answer; that to a HEAD request has no content. */
void wire_hear_answer(int fd, bool is_head, struct wire_answer *answer);

/** True when the stream ends without another byte; false when it is reset. */
bool wire_hear_end(int fd);

struct wire_frame {
    int opcode;
    bool is_last; /* FIN */
    uint64_t size;
    uint8_t payload[WIRE_SIZE]; /* the first bytes */
};

/** Ask for /ws and read the 101. */
void wire_open_ws(int fd);
void wire_say_frame(int fd, int opcode, const void *payload, size_t size);
void wire_hear_frame(int fd, struct wire_frame *frame); /* a whole message, or a control frame */
void wire_hear_part(int fd, struct wire_frame *frame);

/** Read a close frame with that code. */
void wire_hear_close(int fd, unsigned code);

#endif
