/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_BYTES_H
#define FRAMECAST_BYTES_H

#include <stddef.h>
#include <stdint.h>

/** Bytes that somebody else owns, to be read. Not terminated by a zero. Threads: any. */
struct fc_bytes {
    const uint8_t *data;
    size_t size;
};

/** Room that somebody else owns, to be written. Threads: one at a time. */
struct fc_space {
    uint8_t *data;
    size_t size;
};

#endif
