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

struct rows {
    char text[ROWS_MAX][ROW_SIZE];
    unsigned count;
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

static void rows_wrap(struct rows *rows, const char *text, size_t most)
{
    most = most < 1 ? 1 : most;
    most = most < ROW_SIZE ? most : ROW_SIZE - 1;
    text += strspn(text, " ");
    while (*text && rows->count < ROWS_MAX) {
        const size_t len = row_cut(text, most);
        memcpy(rows->text[rows->count], text, len);
        rows->text[rows->count][len] = '\0';
        rows->count++;
        text += len;
        text += strspn(text, " ");
    }
}

static int scale_fit(int scale, const char *text, int room)
{
    while (scale > 1 && canvas_text_width(text, scale) > room) {
        scale--;
    }
    return scale;
}

static void text_centre(struct picture *picture, int y, int scale, struct canvas_colour colour,
                        const char *text)
{
    /* The last letter's own gap does not count. */
    const int width = canvas_text_width(text, scale) - (FONT_CELL_WIDTH - FONT_WIDTH) * scale;
    const int x = ((int)picture->width - width) / 2;
    canvas_text(picture, x < 0 ? 0 : x, y, scale, colour, text);
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

    const int across = (int)width, down = (int)height;
    const int room = across - across / 8;
    const int base = (across < down * 2 ? across : down * 2) / 320 + 1;
    const int text_scale = base > 1 ? base - 1 : 1;
    const int title_scale = scale_fit(base + 1, title, room);

    struct rows head = { .count = 0 }, body = { .count = 0 };
    rows_wrap(&head, title, (size_t)(room / (FONT_CELL_WIDTH * title_scale)));
    rows_wrap(&body, sentence, (size_t)(room / (FONT_CELL_WIDTH * text_scale)));

    const int gap = LINE_HEIGHT * text_scale;
    const int title_line = LINE_HEIGHT * title_scale, text_line = LINE_HEIGHT * text_scale;
    const int total = (int)head.count * title_line + 2 * gap + (int)body.count * text_line;
    int y = total < down ? (down - total) / 2 : 0;

    canvas_fill(picture, 0, 0, across, down, background);
    for (unsigned i = 0; i < head.count; i++, y += title_line) {
        text_centre(picture, y, title_scale, bright, head.text[i]);
    }
    y += gap / 2;
    canvas_fill(picture, across / 2 - across / 20, y, across / 10, text_scale * 2, accent);
    y += gap + gap / 2;
    for (unsigned i = 0; i < body.count; i++, y += text_line) {
        text_centre(picture, y, text_scale, calm, body.text[i]);
    }
    return picture;
}
