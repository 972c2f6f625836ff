/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_FONT_H
#define PICTURE_FONT_H

#include <stdint.h>

/* Letters of 5x7 pixels in cells of 6x8, for printable ASCII. Threads: any. */

#define FONT_WIDTH 5
#define FONT_HEIGHT 7
#define FONT_CELL_WIDTH 6
#define FONT_CELL_HEIGHT 8

/** FONT_HEIGHT rows, top first; bit 4 is the leftmost pixel. What it does not have is a '?'. */
const uint8_t *font_glyph(char character);

#endif
