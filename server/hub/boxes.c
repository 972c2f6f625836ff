/* SPDX-License-Identifier: MIT */
#include "hub/boxes.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "picture/canvas.h"
#include "picture/font.h"

/*
 * Sizes come from the width of the picture as it is encoded, so that a caption reads the same in a
 * thumbnail and on a wall: letters are 16 pixels high at 640 and 24 at 1280. A frame has a dark
 * line on either side, because a picture may have any colour.
 */

#define WIDTH_PER_SCALE 400   /* pixels of the picture for each pixel of a letter's stroke */
#define CAPTION_OVERHANG 1.2f /* a caption may be that much wider than its box */
#define CAPTION_LETTERS_MIN 4 /* and need not be narrower than these */

/* Bright enough for dark letters, and far apart for those who see few colours. */
static const struct {
    uint8_t red, green, blue;
} palette[] = {
    { 255, 200, 60 },  /* yellow */
    { 90, 200, 250 },  /* sky */
    { 255, 140, 120 }, /* coral */
    { 140, 235, 130 }, /* green */
    { 225, 160, 255 }, /* lilac */
    { 80, 225, 205 },  /* teal */
    { 255, 165, 210 }, /* pink */
    { 200, 215, 90 },  /* olive */
};

static const struct canvas_colour dark = { .y = 16, .cb = 128, .cr = 128 };

static uint8_t byte_of(float value)
{
    return (uint8_t)(value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value + 0.5f);
}

/* ITU-R BT.601, full range, as JPEG has it. */
static struct canvas_colour colour_of(const struct prediction_object *object)
{
    unsigned key = object->track;
    for (const char *c = object->label; *c && object->track == 0; c++) {
        key = key * 31 + (unsigned char)*c;
    }
    const size_t index = key % (sizeof(palette) / sizeof(palette[0]));
    const float r = palette[index].red, g = palette[index].green, b = palette[index].blue;
    return (struct canvas_colour){
        .y = byte_of(0.299f * r + 0.587f * g + 0.114f * b),
        .cb = byte_of(128.0f - 0.168736f * r - 0.331264f * g + 0.5f * b),
        .cr = byte_of(128.0f + 0.5f * r - 0.418688f * g - 0.081312f * b),
    };
}

static int scale_of(const struct picture *canvas)
{
    const int scale = ((int)canvas->width + WIDTH_PER_SCALE / 2) / WIDTH_PER_SCALE;
    return scale > 0 ? scale : 1;
}

/* A place along one side, in pixels; what is far outside comes nearer, and what is no number is 0.
 */
static int pixel_of(float fraction, uint32_t side)
{
    const float sane = isfinite(fraction) ? fminf(2.0f, fmaxf(-1.0f, fraction)) : 0.0f;
    return (int)lroundf(sane * (float)side);
}

static struct canvas_rect rect_of(const struct prediction_object *object,
                                  const struct picture *canvas)
{
    const int left = pixel_of(object->x, canvas->width);
    const int top = pixel_of(object->y, canvas->height);
    return (struct canvas_rect){
        .x = left,
        .y = top,
        .width = pixel_of(object->x + object->width, canvas->width) - left,
        .height = pixel_of(object->y + object->height, canvas->height) - top,
    };
}

static struct canvas_rect rect_grown(struct canvas_rect rect, int by)
{
    return (struct canvas_rect){ rect.x - by, rect.y - by, rect.width + 2 * by,
                                 rect.height + 2 * by };
}

/* Printable ASCII; a letter of several bytes becomes one '?'. */
static void label_copy(char out[PREDICTION_LABEL_SIZE], const char *label)
{
    size_t size = 0;
    for (const unsigned char *c = (const unsigned char *)label; *c; c++) {
        if ((*c & 0xc0) != 0x80) {
            out[size++] = *c < ' ' || *c > '~' ? '?' : (char)*c;
        }
    }
    out[size] = '\0';
}

void boxes_caption(const struct prediction_object *object, size_t most,
                   char out[BOXES_CAPTION_SIZE])
{
    char label[PREDICTION_LABEL_SIZE], score[16] = "", track[16] = "";
    label_copy(label, object->label[0] ? object->label : "object");
    if (object->score >= 0.0f) { /* not for NaN */
        snprintf(score, sizeof(score), " %ld%%", lroundf(fminf(object->score, 1.0f) * 100.0f));
    }
    if (object->track) {
        snprintf(track, sizeof(track), " #%" PRIu32, object->track);
    }
    if (strlen(label) + strlen(score) + strlen(track) > most) {
        score[0] = '\0';
    }
    const bool is_track_alone = object->track && strlen(label) + strlen(track) > most;
    snprintf(out, BOXES_CAPTION_SIZE, "%s%s%s", is_track_alone ? "" : label, score,
             is_track_alone ? track + 1 : track);
}

static void frame_draw(struct picture *canvas, const struct prediction_object *object)
{
    const int thickness = scale_of(canvas);
    const struct canvas_rect rect = rect_of(object, canvas);
    if (rect.width <= 0 || rect.height <= 0) {
        return;
    }
    const int edge = (thickness + 1) / 2;
    canvas_frame(canvas, rect_grown(rect, edge), thickness + 2 * edge, dark);
    canvas_frame(canvas, rect, thickness, colour_of(object));
}

static int clamped(int value, int least, int most)
{
    return value > most ? (most > least ? most : least) : value < least ? least : value;
}

/* Above the box, or else inside it at its top; never cut off where the picture has room. */
static void caption_draw(struct picture *canvas, const struct prediction_object *object)
{
    const struct canvas_rect rect = rect_of(object, canvas);
    const int across = (int)canvas->width, down = (int)canvas->height;
    if (rect.width <= 0 || rect.height <= 0 || rect.x >= across || rect.y >= down ||
        rect.x + rect.width <= 0 || rect.y + rect.height <= 0) {
        return;
    }
    const int scale = scale_of(canvas);
    const int cell = FONT_CELL_WIDTH * scale;
    const size_t fitting = (size_t)((float)rect.width * CAPTION_OVERHANG) / (size_t)cell;
    char caption[BOXES_CAPTION_SIZE];
    boxes_caption(object, fitting < CAPTION_LETTERS_MIN ? CAPTION_LETTERS_MIN : fitting, caption);

    struct canvas_rect plate = {
        .width = canvas_text_width(caption, scale) + scale,
        .height = (FONT_HEIGHT + 2) * scale,
    };
    plate.x = clamped(rect.x, 0, across - plate.width);
    plate.y = rect.y >= plate.height ? rect.y - plate.height : clamped(rect.y, 0, down);
    canvas_fill(canvas, plate, colour_of(object));
    canvas_text(canvas,
                (struct canvas_pen){
                    .x = plate.x + scale,
                    .y = plate.y + scale,
                    .scale = scale,
                    .colour = dark,
                },
                caption);
}

void boxes_draw(struct picture *canvas, const struct prediction_object *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        frame_draw(canvas, &objects[i]);
    }
    for (size_t i = 0; i < count; i++) { /* on top of every frame */
        caption_draw(canvas, &objects[i]);
    }
}
