/* SPDX-License-Identifier: MIT */
#include "cli/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_SIZE 1024

static int fail(const struct dial *dial, const char *path, const char *reason)
{
    snprintf(dial->why, dial->why_size, "GET %.100s from %.200s: %s; is it framecast's address?",
             path, dial->url->authority, reason);
    return -EPROTO;
}

/* The announced length, or FETCH_MAX_BYTES + 1 when only the end of the stream tells. */
static bool body_measure(const struct fc_http_response *head, size_t *size)
{
    const struct fc_bytes *field =
        fc_http_header_find(head->headers, head->header_count, "Content-Length");
    *size = field ? 0 : FETCH_MAX_BYTES + 1;
    for (size_t i = 0; field && i < field->size; i++) {
        const unsigned digit = (unsigned)field->data[i] - '0';
        if (digit > 9 || *size > FETCH_MAX_BYTES) {
            return false;
        }
        *size = *size * 10 + digit;
    }
    return !field || *size <= FETCH_MAX_BYTES;
}

/* Ask, and see that a body follows; *size is what body_measure() says of it. */
static int head_read(const struct dial *dial, int fd, const char *path, struct dial_answer *answer,
                     size_t *size)
{
    char request[REQUEST_SIZE];
    const int len = snprintf(request, sizeof(request),
                             "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
                             "Accept: application/json\r\n\r\n",
                             path, dial->url->authority);
    if (len < 0 || (size_t)len >= sizeof(request)) {
        return fail(dial, path, "the address is too long");
    }
    const int err = dial_request(dial, fd, request, answer);
    if (err) {
        return err;
    }
    const struct fc_http_response *head = &answer->head;
    if (head->status != 200) {
        return fail(dial, path, fc_http_reason(head->status));
    }
    if (fc_http_header_find(head->headers, head->header_count, "Transfer-Encoding") ||
        !body_measure(head, size)) {
        return fail(dial, path, "the answer has no plain body of at most 1 MiB");
    }
    return 0;
}

static int body_read(const struct dial *dial, int fd, const char *path, struct fc_space *body)
{
    struct dial_answer answer;
    size_t size = 0;
    int err = head_read(dial, fd, path, &answer, &size);
    if (err) {
        return err;
    }
    body->size = answer.size - answer.head_bytes;
    if (body->size > size) {
        body->size = size;
    }
    memcpy(body->data, answer.bytes + answer.head_bytes, body->size);
    while (body->size < size) {
        size_t got = 0;
        const struct fc_space room = { body->data + body->size, size - body->size };
        err = dial_receive(dial, fd, room, &got);
        if (err || got == 0) {
            break;
        }
        body->size += got;
    }
    if (!err && body->size > FETCH_MAX_BYTES) {
        return fail(dial, path, "the answer is over 1 MiB");
    }
    return err;
}

int fetch(const struct dial *dial, const char *path, struct fc_space *body)
{
    int fd = -1;
    int err = dial_connect(dial, &fd);
    if (err) {
        return err;
    }
    struct fc_space read = { .data = malloc(FETCH_MAX_BYTES + 1) };
    if (read.data) {
        err = body_read(dial, fd, path, &read);
    } else {
        (void)fail(dial, path, "out of memory");
        err = -ENOMEM;
    }
    close(fd);
    if (err) {
        free(read.data);
        return err;
    }
    *body = read;
    return 0;
}
