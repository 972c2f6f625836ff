/* SPDX-License-Identifier: MIT */
/*
 * Laid out from the top: title, a short line, the sentence in rows, the whole centred. Letters grow
 * with the picture; a title that would not fit is set smaller, then cut.
 */
#include "picture/notice.h"

#include <string.h>

#include "picture/canvas.h"
#include "picture/font.h"

#define ROWS_MAX 6
#define ROW_SIZE 128
#define LINE_HEIGHT (FONT_CELL_HEIGHT + 3) /* font pixels, at the scale of the text */

static const struct canvas_colour background = { .y = 22, .cb = 132, .cr = 126 };
static const struct canvas_colour bright = { .y = 226, .cb = 128, .cr = 128 };
static const struct canvas_colour calm = { .y = 150, .cb = 130, .cr = 126 };
static const struct canvas_colour accent = { .y = 140, .cb = 96, .cr = 160 };

/* Text broken into rows that fit, each of which is centred. */
struct paragraph {
    int scale;
    struct canvas_colour colour;
    unsigned row_count;
    char rows[ROWS_MAX][ROW_SIZE];
};

/* How many bytes of text go into one row of at most `most`, cut at a space where there is one. */
static size_t row_cut(const char *text, size_t most)
{
    const size_t len = strlen(text);
    if (len <= most) {
        return len;
    }
    for (size_t at = most; at > 0; at--) {
        if (text[at] == ' ') {
            return at;
        }
    }
    return most;
}

/* Break text into rows of at most `room` pixels; what does not fit into ROWS_MAX is left out. */
static void paragraph_wrap(struct paragraph *paragraph, const char *text, int room)
{
    const int cell = FONT_CELL_WIDTH * paragraph->scale;
    size_t most = room > cell ? (size_t)(room / cell) : 1;
    most = most < ROW_SIZE ? most : ROW_SIZE - 1;
    text += strspn(text, " ");
    while (*text && paragraph->row_count < ROWS_MAX) {
        const size_t len = row_cut(text, most);
        char *row = paragraph->rows[paragraph->row_count++];
        memcpy(row, text, len);
        row[len] = '\0';
        text += len;
        text += strspn(text, " ");
    }
}

static int paragraph_height(const struct paragraph *paragraph)
{
    return (int)paragraph->row_count * LINE_HEIGHT * paragraph->scale;
}

static void paragraph_draw(struct picture *picture, const struct paragraph *paragraph, int y)
{
    for (unsigned i = 0; i < paragraph->row_count; i++) {
        const char *row = paragraph->rows[i];
        /* The last letter's own gap does not count. */
        const int width = canvas_text_width(row, paragraph->scale) -
                          (FONT_CELL_WIDTH - FONT_WIDTH) * paragraph->scale;
        const int x = ((int)picture->width - width) / 2;
        canvas_text(picture,
                    (struct canvas_pen){
                        .x = x < 0 ? 0 : x,
                        .y = y + (int)i * LINE_HEIGHT * paragraph->scale,
                        .scale = paragraph->scale,
                        .colour = paragraph->colour,
                    },
                    row);
    }
}

static int scale_fit(int scale, const char *text, int room)
{
    while (scale > 1 && canvas_text_width(text, scale) > room) {
        scale--;
    }
    return scale;
}

static void notice_draw(struct picture *picture, const char *title, const char *sentence)
{
    const int across = (int)picture->width, down = (int)picture->height;
    const int room = across - across / 8;
    const int base = (across < down * 2 ? across : down * 2) / 320 + 1;
    struct paragraph head = { .scale = scale_fit(base + 1, title, room), .colour = bright };
    struct paragraph body = { .scale = base > 1 ? base - 1 : 1, .colour = calm };
    paragraph_wrap(&head, title, room);
    paragraph_wrap(&body, sentence, room);

    const int gap = LINE_HEIGHT * body.scale;
    const int total = paragraph_height(&head) + 2 * gap + paragraph_height(&body);
    const int top = total < down ? (down - total) / 2 : 0;
    const struct canvas_rect line = {
        .x = across / 2 - across / 20,
        .y = top + paragraph_height(&head) + gap / 2,
        .width = across / 10,
        .height = body.scale * 2,
    };
    canvas_fill(picture, (struct canvas_rect){ .width = across, .height = down }, background);
    paragraph_draw(picture, &head, top);
    canvas_fill(picture, line, accent);
    paragraph_draw(picture, &body, line.y + gap + gap / 2);
}

struct picture *picture_new_notice(uint32_t width, uint32_t height, const char *title,
                                   const char *sentence)
{
    struct picture *picture = picture_new_planar(PICTURE_YUV420, width, height);
    if (!picture) {
        return NULL;
    }
    picture->is_full_range = true;
    picture->is_notice = true;
    notice_draw(picture, title, sentence);
    return picture;
}
