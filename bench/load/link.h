/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_LINK_H
#define BENCH_LOAD_LINK_H

#include "load.h"

/* The connections to the server, and what is sent over them. Everything here ends the program with
 * a sentence when it fails. Threads: one. */

enum {
    OPCODE_CONTINUE = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
};

/** Messages as they go over the wire, side by side. */
struct block {
    uint8_t *data;
    size_t frame_size;    /* of each message with its header */
    size_t size;          /* of them all */
    size_t transfer_size; /* one call moves no more */
};

/** Where the reading of a server's messages stands. */
struct reader {
    size_t message_size; /* that every message must have */
    bool is_raw;
    uint8_t head[10];
    size_t head_size;
    uint64_t payload_left;
    uint64_t message_bytes; /* of the present message, all fragments */
    uint64_t messages;      /* finished ones */
    uint64_t pongs;
};

_Noreturn void die(const char *what, const char *why);

/** Connect and, unless raw, shake hands. The socket blocks. */
int link_open(const struct load *load, int index);
void link_set_blocking(int fd, bool is_blocking);

/**
 * As many masked binary messages as have TRANSFER_BYTES of payload, at least one. Headers do not
 * count: who is sent messages and who is sent the same bytes without any protocol gets equally many
 * with each call.
 */
struct block block_make(const struct load *load);

/** Send all bytes; fd may be of either kind. */
void link_send_all(int fd, const uint8_t *data, size_t size);

/** Send "go COUNT", as a text message or as a line. */
void link_send_go(const struct load *load, int fd, unsigned long count);

/** Until the server has read all that was sent: by ping and pong, or by the end of the stream. */
void link_drain(const struct load *load, int fd);

/** Count what came in; checks that each message has the right size. */
void reader_feed(struct reader *reader, const uint8_t *data, size_t size);

#endif
