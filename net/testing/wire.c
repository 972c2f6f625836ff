/* SPDX-License-Identifier: MIT */
#include "net/testing/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <cmocka.h>

void wire_say_bytes(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        const ssize_t step = send(fd, at, size, MSG_NOSIGNAL);
        assert_true(step > 0);
        at += step;
        size -= (size_t)step;
    }
}

void wire_say(int fd, const char *text)
{
    wire_say_bytes(fd, text, strlen(text));
}

void wire_hear_bytes(int fd, void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        const ssize_t step = recv(fd, at, size, 0);
        if (step <= 0) {
            fail_msg("the stream ended %zu bytes too early", size);
        }
        at += step;
        size -= (size_t)step;
    }
}

void wire_hear(int fd, const char *end, char text[WIRE_SIZE])
{
    const size_t end_size = strlen(end);
    size_t size = 0;
    text[0] = '\0';
    while (size < end_size || strcmp(text + size - end_size, end) != 0) {
        assert_true(size + 1 < WIRE_SIZE);
        wire_hear_bytes(fd, text + size, 1);
        text[++size] = '\0';
    }
}

void wire_hear_answer(int fd, bool is_head, struct wire_answer *answer)
{
    *answer = (struct wire_answer){ 0 };
    wire_hear(fd, "\r\n\r\n", answer->head);
    assert_int_equal(sscanf(answer->head, "HTTP/1.1 %d ", &answer->status), 1);
    assert_true(answer->status == 101 || strstr(answer->head, "\r\nDate: "));
    const char *length = strcasestr(answer->head, "\r\nContent-Length: ");
    answer->has_length = length;
    if (length && !is_head) {
        const unsigned long size = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
        assert_true(size < WIRE_SIZE);
        wire_hear_bytes(fd, answer->content, size);
    }
}

bool wire_hear_end(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) == 0;
}

void wire_open_ws(int fd)
{
    struct wire_answer answer;
    wire_say(fd, WIRE_UPGRADE("/ws"));
    wire_hear_answer(fd, true, &answer);
    assert_int_equal(answer.status, 101);
    assert_non_null(strstr(answer.head, "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n"));
}

void wire_say_frame(int fd, int opcode, const void *payload, size_t size)
{
    assert_true(size < WIRE_SIZE);
    uint8_t head[8] = { (uint8_t)(0x80 | opcode) };
    size_t head_size = 2;
    if (size < 126) {
        head[1] = (uint8_t)(0x80 | size);
    } else {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(size >> 8);
        head[3] = (uint8_t)size;
        head_size = 4;
    }
    wire_say_bytes(fd, head, head_size + 4); /* a mask of zeros changes nothing */
    wire_say_bytes(fd, payload, size);
}

void wire_hear_part(int fd, struct wire_frame *frame)
{
    uint8_t head[2];
    uint8_t length[8];
    wire_hear_bytes(fd, head, sizeof(head));
    assert_false(head[1] & 0x80);
    *frame = (struct wire_frame){
        .opcode = head[0] & 0x0f,
        .is_last = head[0] & 0x80,
        .size = head[1],
    };
    const size_t more = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    wire_hear_bytes(fd, length, more);
    for (size_t i = 0; i < more; i++) {
        frame->size = (i == 0 ? 0 : frame->size << 8) | length[i];
    }
    const size_t kept = frame->size < WIRE_SIZE ? (size_t)frame->size : WIRE_SIZE;
    wire_hear_bytes(fd, frame->payload, kept);
    for (uint64_t left = frame->size - kept; left > 0;) {
        static uint8_t rest[WIRE_SIZE];
        const size_t step = left < sizeof(rest) ? (size_t)left : sizeof(rest);
        wire_hear_bytes(fd, rest, step);
        left -= step;
    }
}

void wire_hear_frame(int fd, struct wire_frame *frame)
{
    wire_hear_part(fd, frame);
    assert_true(frame->is_last);
}

void wire_hear_close(int fd, unsigned code)
{
    struct wire_frame frame;
    wire_hear_frame(fd, &frame);
    assert_int_equal(frame.opcode, 8);
    assert_true(frame.size >= 2);
    assert_int_equal(frame.payload[0] << 8 | frame.payload[1], code);
}
