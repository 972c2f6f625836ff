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

struct canvas_rect {
    int x, y; /* of its upper left corner */
    int width, height;
};

/** Where the next letter's upper left corner goes, and what it looks like. */
struct canvas_pen {
    int x, y;
    int scale; /* times FONT_CELL_WIDTH by FONT_CELL_HEIGHT pixels; 0 or less: invisible */
    struct canvas_colour colour;
};

void canvas_fill(struct picture *picture, struct canvas_rect rect, struct canvas_colour colour);

/** A frame of that thickness, drawn inside the rectangle. */
void canvas_frame(struct picture *picture, struct canvas_rect rect, int thickness,
                  struct canvas_colour colour);

/** Text of printable ASCII; others become '?'. */
void canvas_text(struct picture *picture, struct canvas_pen pen, const char *text);

/** Width in pixels of that text. */
int canvas_text_width(const char *text, int scale);

#endif
