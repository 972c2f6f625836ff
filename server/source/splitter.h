/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_SPLITTER_H
#define SOURCE_SPLITTER_H

#include <framecast/bytes.h>

#include "picture/jpeg_walk.h"

/*
 * Finds the JPEGs in a stream of bytes: one after the other, or with anything between them, such as
 * the headers of a multipart stream. Bytes in, JPEGs out, byte for byte; no I/O.
 */

/** Zero is ready to use. Threads: one at a time. */
struct splitter {
    uint8_t *buffer; /* owned */
    size_t size, capacity;
    size_t taken; /* bytes at the beginning that have been given out or passed over */
    struct jpeg_walk walk;
};

enum splitter_step {
    SPLITTER_MORE,    /* needs more bytes */
    SPLITTER_JPEG,    /* *out is one */
    SPLITTER_CORRUPT, /* something that began like one was passed over; error says why */
};

/**
 * Where the next bytes go: at least one of room.
 *
 * Errors:    no room without memory.
 * Ownership: borrowed, until the next call.
 */
struct fc_space splitter_space(struct splitter *splitter);

/** So many bytes have been put there. */
void splitter_space_done(struct splitter *splitter, size_t size);

/** Ownership: out->data is borrowed, until the next call. */
enum splitter_step splitter_next(struct splitter *splitter, struct fc_bytes *out, uint32_t *width,
                                 uint32_t *height, const char **error);

/** Whether a JPEG has begun and not ended. */
bool splitter_is_inside(const struct splitter *splitter);

void splitter_fini(struct splitter *splitter);

#endif
