/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_JPEG_WALK_H
#define PICTURE_JPEG_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

/*
 * A walk along the markers of one JPEG, from SOI to EOI, that can stop where the bytes end and go
 * on when more of them have come. Nothing is decoded and nothing outside the bytes is read.
 */

#define JPEG_SCANS_MAX 128 /* of one picture; more are an attack on whoever decodes it */

enum jpeg_step {
    JPEG_STEP_MORE, /* in order so far; call again with more bytes */
    JPEG_STEP_DONE, /* position is just behind EOI */
    JPEG_STEP_FAIL, /* error says why; position is where */
};

/** Zero is the beginning. Threads: one at a time. Fields are to be read. */
struct jpeg_walk {
    size_t position;        /* everything before it has been looked at */
    uint32_t width, height; /* pixels; 0 before the frame header */
    unsigned scan_count;
    bool is_in_scan;  /* position is in entropy-coded data */
    bool has_huffman; /* it brings Huffman tables of its own */
    const char *error;
};

/**
 * Walk on.
 *
 * @param data  the JPEG from its first byte: what was there before, and possibly more
 */
FC_NODISCARD enum jpeg_step jpeg_walk(struct jpeg_walk *walk, struct fc_bytes data);

#endif
