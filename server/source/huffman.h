/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_HUFFMAN_H
#define SOURCE_HUFFMAN_H

#include <framecast/attr.h>
#include <framecast/bytes.h>

#include "picture/picture.h"

/**
 * Make a whole JPEG of one that leaves out its Huffman tables, as AVI and many cameras allow: the
 * usual ones (ITU-T T.81, annex K.3) are put behind its SOI.
 *
 * @param jpeg  in order but for that
 *
 * Errors:    NULL without memory.
 * Ownership: gives one reference.
 * Threads:   any.
 */
FC_NODISCARD struct picture *huffman_complete(struct fc_bytes jpeg, uint32_t width,
                                              uint32_t height);

#endif
