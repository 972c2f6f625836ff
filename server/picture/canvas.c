/* SPDX-License-Identifier: MIT */
#include "picture/canvas.h"

#include <assert.h>
#include <string.h>

#include "picture/font.h"

/* Half-open, within the picture. */
struct span {
    uint32_t from, to;
};

static struct span span_clip(int64_t from, int64_t length, uint32_t limit)
{
    int64_t to = from + length;
    from = from < 0 ? 0 : from;
    to = to > limit ? limit : to;
    if (from >= to) {
        return (struct span){ .from = 0, .to = 0 };
    }
    return (struct span){ .from = (uint32_t)from, .to = (uint32_t)to };
}

/* Every chroma sample that has a part in the span. */
static struct span span_halve(struct span span)
{
    return (struct span){ .from = span.from / 2, .to = (span.to + 1) / 2 };
}

/* As the picture stores it: video leaves head and foot room. */
static struct canvas_colour colour_for(const struct picture *picture, struct canvas_colour colour)
{
    if (picture->is_full_range) {
        return colour;
    }
    return (struct canvas_colour){
        .y = (uint8_t)(16 + (colour.y * 219 + 127) / 255),
        .cb = (uint8_t)(16 + (colour.cb * 224 + 127) / 255),
        .cr = (uint8_t)(16 + (colour.cr * 224 + 127) / 255),
    };
}

static void plane_fill(struct picture *picture, unsigned plane, struct span across,
                       struct span down, uint8_t value)
{
    uint8_t *data = picture_plane(picture, plane);
    const size_t stride = picture->planes[plane].stride;
    for (uint32_t row = down.from; row < down.to; row++) {
        memset(data + row * stride + across.from, value, across.to - across.from);
    }
}

static void fill_stored(struct picture *picture, struct span across, struct span down,
                        struct canvas_colour stored)
{
    plane_fill(picture, 0, across, down, stored.y);
    if (picture->format == PICTURE_GRAY) {
        return;
    }
    if (picture->format != PICTURE_YUV444) {
        across = span_halve(across);
    }
    if (picture->format == PICTURE_YUV420) {
        down = span_halve(down);
    }
    plane_fill(picture, 1, across, down, stored.cb);
    plane_fill(picture, 2, across, down, stored.cr);
}

void canvas_fill(struct picture *picture, struct canvas_rect rect, struct canvas_colour colour)
{
    assert(picture->format != PICTURE_JPEG);
    const struct span across = span_clip(rect.x, rect.width, picture->width);
    const struct span down = span_clip(rect.y, rect.height, picture->height);
    if (across.to > across.from && down.to > down.from) {
        fill_stored(picture, across, down, colour_for(picture, colour));
    }
}

void canvas_frame(struct picture *picture, struct canvas_rect rect, int thickness,
                  struct canvas_colour colour)
{
    if (rect.width <= 0 || rect.height <= 0 || thickness <= 0) {
        return;
    }
    struct canvas_rect row = rect, column = rect; /* the sides, first at the top and left */
    row.height = thickness < rect.height ? thickness : rect.height;
    column.width = thickness < rect.width ? thickness : rect.width;
    canvas_fill(picture, row, colour);
    canvas_fill(picture, column, colour);
    row.y += rect.height - row.height;
    column.x += rect.width - column.width;
    canvas_fill(picture, row, colour);
    canvas_fill(picture, column, colour);
}

/* One row of a letter, bit by bit from the left, as runs. The pen's colour is as stored. */
static void glyph_row(struct picture *picture, struct canvas_pen pen, int64_t left,
                      struct span down, unsigned bits)
{
    for (int column = 0; column < FONT_WIDTH && down.to > down.from;) {
        int end = column;
        while (end < FONT_WIDTH && (bits >> (FONT_WIDTH - 1 - end) & 1u)) {
            end++;
        }
        const struct span across = span_clip(left + (int64_t)column * pen.scale,
                                             (int64_t)(end - column) * pen.scale, picture->width);
        if (across.to > across.from) {
            fill_stored(picture, across, down, pen.colour);
        }
        column = end + 1;
    }
}

void canvas_text(struct picture *picture, struct canvas_pen pen, const char *text)
{
    assert(picture->format != PICTURE_JPEG);
    if (pen.scale <= 0) {
        return;
    }
    pen.colour = colour_for(picture, pen.colour);
    const int64_t advance = (int64_t)FONT_CELL_WIDTH * pen.scale;
    for (int64_t left = pen.x; *text && left < picture->width; text++, left += advance) {
        const uint8_t *glyph = font_glyph(*text);
        for (int row = 0; row < FONT_HEIGHT; row++) {
            const int64_t top = pen.y + (int64_t)row * pen.scale;
            glyph_row(picture, pen, left, span_clip(top, pen.scale, picture->height), glyph[row]);
        }
    }
}

int canvas_text_width(const char *text, int scale)
{
    const size_t len = strnlen(text, PICTURE_SIDE_MAX);
    return (int)len * FONT_CELL_WIDTH * scale;
}
