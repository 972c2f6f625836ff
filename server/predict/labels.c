/* SPDX-License-Identifier: MIT */
#include "predict/labels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 64
#define MARK "\xef\xbb\xbf" /* that some editors put before UTF-8 */

/* The reason in words, where the system's own would puzzle. */
static const char *reason_of(int err)
{
    switch (err) {
    case -E2BIG:
        return "it has more than 65536 lines";
    case -ENODATA:
        return "it is empty";
    default:
        return strerror(-err);
    }
}

_Static_assert(LABELS_MAX == 65536, "as reason_of() says");

static int append(struct labels *labels, size_t *capacity, const char *line, size_t size)
{
    if (labels->count == LABELS_MAX) {
        return -E2BIG;
    }
    if (labels->count == 0 && strncmp(line, MARK, strlen(MARK)) == 0) {
        line += strlen(MARK);
        size -= strlen(MARK);
    }
    if (labels->count == *capacity) {
        const size_t wanted = *capacity ? *capacity * 2 : CAPACITY_MIN;
        void *grown = realloc(labels->names, wanted * sizeof(labels->names[0]));
        if (!grown) {
            return -ENOMEM;
        }
        labels->names = grown;
        *capacity = wanted;
    }
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r')) {
        size--;
    }
    if (size >= PREDICTION_LABEL_SIZE) {
        size = PREDICTION_LABEL_SIZE - 1;
        while (size > 0 && ((unsigned char)line[size] & 0xc0) == 0x80) {
            size--; /* not in the middle of a character */
        }
    }
    char *name = labels->names[labels->count++];
    memcpy(name, line, size);
    name[size] = '\0';
    return 0;
}

int labels_read(struct labels *labels, const char *path, char *why, size_t why_size)
{
    *labels = (struct labels){ 0 };
    FILE *file = fopen(path, "re");
    if (!file) {
        const int err = -errno;
        snprintf(why, why_size, "the labels '%.100s' cannot be read: %s", path, reason_of(err));
        return err;
    }
    size_t capacity = 0, line_capacity = 0;
    char *line = NULL;
    int err = 0;
    ssize_t size;
    while (!err && (size = getline(&line, &line_capacity, file)) >= 0) {
        err = append(labels, &capacity, line, (size_t)size);
    }
    if (!err && !feof(file)) {
        err = -errno;
    }
    if (!err && labels->count == 0) {
        err = -ENODATA;
    }
    if (err) {
        snprintf(why, why_size, "the labels '%.100s' cannot be read: %s", path, reason_of(err));
        labels_free(labels);
    }
    free(line);
    fclose(file);
    return err;
}

void labels_free(struct labels *labels)
{
    free(labels->names);
    *labels = (struct labels){ 0 };
}

void labels_name(const struct labels *labels, uint32_t label, char *name)
{
    if (label < labels->count && labels->names[label][0] != '\0') {
        memcpy(name, labels->names[label], PREDICTION_LABEL_SIZE);
    } else {
        snprintf(name, PREDICTION_LABEL_SIZE, "class %" PRIu32, label);
    }
}
