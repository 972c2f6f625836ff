/* SPDX-License-Identifier: MIT */
#ifndef ENCODE_RANGE_H
#define ENCODE_RANGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * From video range (luma 16..235, chroma 16..240) to full range (0..255), as JFIF has it. Values
 * outside video range are clipped. In and out may be the same row. Threads: any.
 */

void range_expand_luma(uint8_t *out, const uint8_t *in, size_t count);
void range_expand_chroma(uint8_t *out, const uint8_t *in, size_t count);

#endif
