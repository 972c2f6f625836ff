/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_JPEG_CHECK_H
#define PICTURE_JPEG_CHECK_H

#include <framecast/attr.h>
#include <framecast/bytes.h>

/**
 * Look at a JPEG's markers without decoding it: complete from SOI to EOI, with a frame header of a
 * size within PICTURE_SIDE_MAX and PICTURE_PIXELS_MAX. Bytes after EOI are allowed and not counted.
 *
 * Errors:    a static sentence; NULL when it is in order. Reads nothing outside data.
 */
FC_NODISCARD const char *jpeg_check(struct fc_bytes data, uint32_t *width, uint32_t *height,
                                    size_t *size_bytes);

#endif
