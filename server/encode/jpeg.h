/* SPDX-License-Identifier: MIT */
#ifndef ENCODE_JPEG_H
#define ENCODE_JPEG_H

#include <framecast/bytes.h>

#include "picture/picture.h"

/*
 * Pictures to JPEG and back, by TurboJPEG, through planar YUV without colour conversion.
 */

struct jpeg_encoder; /* Threads: one at a time. Keeps its buffers from picture to picture. */

/** Errors: NULL without memory. */
FC_NODISCARD struct jpeg_encoder *jpeg_encoder_new(void);
void jpeg_encoder_free(struct jpeg_encoder **encoder);

/** Draws into the picture as it will be encoded: its planes are writable, in full range. */
typedef void jpeg_draw_fn(void *ctx, struct picture *canvas);

/** What a picture is wanted as. Zero is its own size, and a JPEG as it is. */
struct jpeg_request {
    uint32_t
        width;   /* pixels; 0 or more than the picture's: the picture's own. The height follows */
    int quality; /* 1 to 100; 0: 80, and a JPEG at its own width is not encoded again */
    jpeg_draw_fn *draw; /* NULL: none. Else on a copy, after scaling; a JPEG is encoded again */
    void *draw_ctx;
};

struct jpeg_image {
    struct fc_bytes bytes;
    uint32_t width, height;
};

/**
 * Encode one picture, or give out the bytes of a JPEG that is already what is wanted.
 *
 * Errors:    -ENOMEM; -EINVAL for a picture that cannot be decoded.
 * Ownership: out->bytes are borrowed, from the encoder or the picture, until the next call on
 *            either.
 */
FC_NODISCARD int jpeg_encode(struct jpeg_encoder *encoder, struct picture *picture,
                             struct jpeg_request request, struct jpeg_image *out);

/**
 * The pixels of a picture: itself when it is planar, else its JPEG decoded, once, and kept with it.
 *
 * Errors:    NULL when it cannot be decoded or without memory.
 * Ownership: borrowed; lives as long as picture.
 * Threads:   any; two at once may both decode, and one result is kept.
 */
const struct picture *picture_pixels(struct picture *picture);

#endif
