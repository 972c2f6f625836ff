/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_PROTOCOL_H
#define PREDICT_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

#include "encode/pixels.h"
#include "predict/prediction.h"

/*
 * The lines between the server and a worker, written and read; no process, no memory shared.
 * docs/reference/worker-protocol.md is what they mean. Threads: one at a time.
 */

#define WORKER_PROTOCOL_VERSION 1
#define WORKER_LABELS_MAX 4096
#define WORKER_DATA_MAX (64 * 1024) /* bytes of JSON */
#define WORKER_ITEM_SIZE 320        /* one picture's part of a line, at most */
#define WORKER_HELLO_SIZE 512

/* What a worker wants, as it says when it is ready. */
struct worker_wish {
    bool is_jpeg;                     /* else: */
    enum pixel_format format;         /* of the pixels */
    uint32_t width, height;           /* 0: the picture's own, or what the other side asks for */
    unsigned batch;                   /* pictures at once, from 1 */
    char name[PREDICTION_LABEL_SIZE]; /* "": none given */
    size_t label_count;
    char (*labels)[PREDICTION_LABEL_SIZE]; /* owned */
};

/** Our first line, with its end. Gives its size, less than WORKER_HELLO_SIZE. */
size_t worker_hello_print(char out[WORKER_HELLO_SIZE], const char *stream, int64_t deadline_ns);

/**
 * Read a worker's first line.
 *
 * Errors:    -EINVAL or -ENOMEM, with a sentence in why; wish is empty then.
 * Ownership: gives wish, to be released with worker_wish_fini().
 */
FC_NODISCARD int worker_wish_parse(struct worker_wish *wish, const char *line, size_t size,
                                   char *why, size_t why_size);
void worker_wish_fini(struct worker_wish *wish);

/* A picture in a slot. */
struct worker_item {
    const struct picture *picture; /* borrowed: for its number, time and size */
    unsigned slot;
    size_t bytes;           /* in the slot */
    size_t stride;          /* of the first plane; 0 for a JPEG */
    uint32_t width, height; /* in the slot */
};

/**
 * A line for pictures, with its end: one object, or a batch of them. Gives its size.
 *
 * @param out  room for WORKER_ITEM_SIZE bytes for each picture, and 32
 */
size_t worker_items_print(char *out, const struct worker_item *items, size_t count, bool is_batch);

/* One line of results, read. */
struct worker_answer {
    void *json;       /* owned */
    const char *line; /* borrowed */
    uint64_t seq;
};

/**
 * Read a line that should be a result.
 *
 * Errors:    -EPROTO when it is not, with a sentence in why.
 * Ownership: gives answer, which borrows line; released with worker_answer_fini().
 */
FC_NODISCARD int worker_answer_parse(struct worker_answer *answer, const char *line, size_t size,
                                     char *why, size_t why_size);
void worker_answer_fini(struct worker_answer *answer);

/**
 * Fill in objects and data.
 *
 * Errors:    -EINVAL, with a sentence in why, when they are wrong or the worker reports an error;
 *            -ENOMEM. out then has no objects and no data.
 */
FC_NODISCARD int worker_answer_fill(const struct worker_answer *answer,
                                    const struct worker_wish *wish, struct prediction *out,
                                    char *why, size_t why_size);

#endif
