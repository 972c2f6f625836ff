/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIAL_H
#define CLI_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include <framecast/http.h>

#include "net/url.h"

/*
 * From an address to a connected socket, and one HTTP request over it. Blocks, but not beyond its
 * deadline, and ends with -EINTR as soon as interrupt_fd can be read.
 *
 * Errors are -errno with a sentence in why (none for -EINTR). -EPROTO means that the answer will
 * be the same next time; after anything else it is worth trying again.
 */

#define DIAL_TIMEOUT_NS (INT64_C(5) * 1000 * 1000 * 1000)

/** Threads: one at a time. */
struct dial {
    const struct url *url;
    int interrupt_fd; /* -1: none */
    int64_t deadline_ns;
    char *why;
    size_t why_size;
};

/** The head of an answer, and what came after it in the same reads. */
struct dial_answer {
    struct fc_http_response head; /* points into bytes */
    size_t head_bytes, size;
    uint8_t bytes[FC_HTTP_HEAD_MAX_BYTES];
};

/** Wait for a socket. Errors: -ETIMEDOUT, -EINTR; says nothing in why. */
FC_NODISCARD int dial_wait(const struct dial *dial, int fd, short events);

/** Gives a non-blocking socket in *fd. */
FC_NODISCARD int dial_connect(const struct dial *dial, int *fd);

/** Send a request head and read the head that answers it. */
FC_NODISCARD int dial_request(const struct dial *dial, int fd, const char *request,
                              struct dial_answer *out);

/** Receive at least one byte, or *size 0 at the end of the stream. */
FC_NODISCARD int dial_receive(const struct dial *dial, int fd, struct fc_space room, size_t *size);

#endif
