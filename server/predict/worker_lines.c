/* SPDX-License-Identifier: MIT */
#include "predict/worker_lines.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One byte more than the longest line: worker_lines_rest() puts its zero there. */
int worker_lines_init(struct worker_lines *lines, size_t line_max)
{
    *lines = (struct worker_lines){ .capacity = line_max + 1 };
    lines->data = malloc(lines->capacity + 1);
    return lines->data ? 0 : -ENOMEM;
}

void worker_lines_fini(struct worker_lines *lines)
{
    free(lines->data);
    *lines = (struct worker_lines){ 0 };
}

char *worker_lines_next(struct worker_lines *lines, size_t *size)
{
    char *end = memchr(lines->data + lines->searched, '\n', lines->end - lines->searched);
    if (!end) {
        lines->searched = lines->end;
        return NULL;
    }
    char *line = lines->data + lines->begin;
    lines->begin = (size_t)(end - lines->data) + 1;
    lines->searched = lines->begin;
    if (end > line && end[-1] == '\r') {
        end--;
    }
    *end = '\0';
    *size = (size_t)(end - line);
    return line;
}

char *worker_lines_rest(struct worker_lines *lines, size_t *size)
{
    if (lines->begin == lines->end) {
        return NULL;
    }
    char *line = lines->data + lines->begin;
    *size = lines->end - lines->begin;
    line[*size] = '\0';
    lines->begin = lines->end = lines->searched = 0;
    return line;
}

int worker_lines_fill(struct worker_lines *lines, int fd)
{
    assert(lines->begin <= lines->searched && lines->searched <= lines->end);
    if (lines->begin > 0) {
        memmove(lines->data, lines->data + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->searched -= lines->begin;
        lines->begin = 0;
    }
    if (lines->end == lines->capacity) {
        return -EMSGSIZE;
    }
    ssize_t got;
    do {
        got = read(fd, lines->data + lines->end, lines->capacity - lines->end);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return got == 0 ? -EPIPE : -errno;
    }
    lines->end += (size_t)got;
    return 0;
}
