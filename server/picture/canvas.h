/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_CANVAS_H
#define PICTURE_CANVAS_H

#include "picture/picture.h"

/*
 * Drawing into a planar picture that is not yet published. Coordinates are pixels from the top
 * left and may lie outside: what does not fit is clipped. Colours are full-range Y, Cb, Cr.
 */

struct canvas_colour {
    uint8_t y, cb, cr;
};

void canvas_fill(struct picture *picture, int x, int y, int width, int height,
                 struct canvas_colour colour);

/** A frame of that thickness, drawn inside the rectangle. */
void canvas_frame(struct picture *picture, int x, int y, int width, int height, int thickness,
                  struct canvas_colour colour);

/** Text of printable ASCII (others become '?') in cells of 6x8 pixels times scale. */
void canvas_text(struct picture *picture, int x, int y, int scale, struct canvas_colour colour,
                 const char *text);

/** Width in pixels of that text. */
int canvas_text_width(const char *text, int scale);

#endif
