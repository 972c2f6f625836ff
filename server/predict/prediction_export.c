/* SPDX-License-Identifier: MIT */
#include "predict/prediction_export.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "predict/coco_category.h"
#include "predict/prediction_json.h"
#include "predict/text.h"

#define TIME_SIZE 48

static const char *const names[PREDICTION_FORMAT_COUNT] = {
    [PREDICTION_OWN] = "json",
    [PREDICTION_COCO] = "coco",
    [PREDICTION_VOC] = "voc",
};

enum prediction_format prediction_format_parse(const char *name)
{
    int format = 0;
    while (format < PREDICTION_FORMAT_COUNT && strcmp(names[format], name) != 0) {
        format++;
    }
    return (enum prediction_format)format;
}

/* Edges in pixels, within the picture. */
struct edges {
    double left, top, right, bottom;
    bool is_cut; /* some of the box lies outside */
};

/* Fractions have seven digits: to a hundredth of a pixel, 192.000003 is 192. */
static double pixels_of(double fraction, uint32_t side)
{
    return round(fraction * side * 100.0) / 100.0;
}

static double clipped(double value, uint32_t side, bool *is_cut)
{
    const double inside = fmax(0.0, fmin(value, side));
    *is_cut = *is_cut || fabs(inside - value) >= 0.5;
    return inside;
}

/* False for a box of which nothing is in the picture, and for one of what is not a number. */
static bool edges_of(const struct prediction *prediction, const struct prediction_object *object,
                     struct edges *out)
{
    if (!isfinite(object->x) || !isfinite(object->y) || !isfinite(object->width) ||
        !isfinite(object->height)) {
        return false;
    }
    const uint32_t across = prediction->width, down = prediction->height;
    const double right = (double)object->x + object->width;
    const double bottom = (double)object->y + object->height;
    out->is_cut = false;
    out->left = clipped(pixels_of(object->x, across), across, &out->is_cut);
    out->top = clipped(pixels_of(object->y, down), down, &out->is_cut);
    out->right = clipped(pixels_of(right, across), across, &out->is_cut);
    out->bottom = clipped(pixels_of(bottom, down), down, &out->is_cut);
    return out->right > out->left && out->bottom > out->top;
}

static void put_score_and_track(struct text *text, const struct prediction_object *object,
                                const char *track_name)
{
    if (object->score >= 0) {
        text_put_words(text, ",\"score\":");
        text_put_number(text, object->score, 3);
    }
    if (object->track) {
        text_print(text, ",\"%s\":%" PRIu32, track_name, object->track);
    }
}

static void put_file_name(struct text *text, const struct prediction *prediction,
                          const char *stream)
{
    char name[128];
    snprintf(name, sizeof(name), "%.64s-%" PRIu64 ".jpg", stream, prediction->seq);
    text_put_quoted(text, name);
}

/* ISO 8601, of universal time. */
static void put_time(struct text *text, int64_t wall_us)
{
    const int64_t us = wall_us > 0 ? wall_us : 0;
    const time_t seconds = (time_t)(us / 1000000);
    struct tm utc;
    char day[TIME_SIZE];
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    text_print(text, "\"%s.%06" PRId64 "+00:00\"", day, us % 1000000);
}

static void coco_put_annotation(struct text *text, const struct prediction *prediction, size_t i,
                                const struct edges *at)
{
    const struct prediction_object *object = &prediction->objects[i];
    const double width = at->right - at->left, height = at->bottom - at->top;
    text_print(
        text, "{\"id\":%" PRIu64 ",\"image_id\":%" PRIu64 ",\"category_id\":%" PRIu32 ",\"bbox\":[",
        prediction->seq * PREDICTION_OBJECTS_MAX + i, prediction->seq,
        coco_category_id(object->label));
    text_put_number(text, at->left, 2);
    text_put(text, ",", 1);
    text_put_number(text, at->top, 2);
    text_put(text, ",", 1);
    text_put_number(text, width, 2);
    text_put(text, ",", 1);
    text_put_number(text, height, 2);
    text_put_words(text, "],\"area\":");
    text_put_number(text, width * height, 2);
    text_put_words(text, ",\"iscrowd\":0");
    put_score_and_track(text, object, "track_id");
    text_put_words(text, "}");
}

/* Whether an earlier object has the same label, which then is in the list of categories. */
static bool is_listed(const struct prediction *prediction, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(prediction->objects[k].label, prediction->objects[i].label) == 0) {
            return true;
        }
    }
    return false;
}

static void coco_put_categories(struct text *text, const struct prediction *prediction)
{
    const char *comma = "";
    for (size_t i = 0; i < prediction->object_count; i++) {
        const char *label = prediction->objects[i].label;
        if (!is_listed(prediction, i)) {
            text_print(text, "%s{\"id\":%" PRIu32 ",\"name\":", comma, coco_category_id(label));
            text_put_quoted(text, label);
            text_put_words(text, "}");
            comma = ",";
        }
    }
}

static void coco_put(struct text *text, const struct prediction *prediction, const char *stream,
                     const char *predictor)
{
    text_put_words(text, "{\"info\":{\"description\":");
    text_put_quoted(text, stream);
    text_put_words(text, ",\"contributor\":");
    text_put_quoted(text, predictor);
    text_print(text, "},\"images\":[{\"id\":%" PRIu64 ",\"width\":%" PRIu32 ",\"height\":%" PRIu32,
               prediction->seq, prediction->width, prediction->height);
    text_put_words(text, ",\"file_name\":");
    put_file_name(text, prediction, stream);
    text_put_words(text, ",\"date_captured\":");
    put_time(text, prediction->captured_at_us);
    text_put_words(text, "}],\"annotations\":[");
    const char *comma = "";
    for (size_t i = 0; i < prediction->object_count; i++) {
        struct edges at;
        if (edges_of(prediction, &prediction->objects[i], &at)) {
            text_put_words(text, comma);
            coco_put_annotation(text, prediction, i, &at);
            comma = ",";
        }
    }
    text_put_words(text, "],\"categories\":[");
    coco_put_categories(text, prediction);
    text_put_words(text, "]}");
}

/* The first pixel is 1, and the last one belongs to the box. */
static void voc_put_object(struct text *text, const struct prediction_object *object,
                           const struct edges *at)
{
    const int left = (int)floor(at->left) + 1, top = (int)floor(at->top) + 1;
    text_put_words(text, "{\"name\":");
    text_put_quoted(text, object->label);
    text_print(text, ",\"pose\":\"Unspecified\",\"truncated\":%d,\"difficult\":0", at->is_cut);
    put_score_and_track(text, object, "track");
    text_print(text, ",\"bndbox\":{\"xmin\":%d,\"ymin\":%d,\"xmax\":%d,\"ymax\":%d}}", left, top,
               (int)ceil(at->right), (int)ceil(at->bottom));
}

static void voc_put(struct text *text, const struct prediction *prediction, const char *stream,
                    const char *predictor)
{
    text_put_words(text, "{\"annotation\":{\"folder\":");
    text_put_quoted(text, stream);
    text_put_words(text, ",\"filename\":");
    put_file_name(text, prediction, stream);
    text_put_words(text, ",\"source\":{\"database\":\"framecast\",\"annotation\":");
    text_put_quoted(text, predictor);
    text_print(text, ",\"seq\":%" PRIu64 ",\"captured_at\":", prediction->seq);
    put_time(text, prediction->captured_at_us);
    text_print(text,
               "},\"size\":{\"width\":%" PRIu32 ",\"height\":%" PRIu32
               ",\"depth\":3},\"segmented\":0,\"object\":[",
               prediction->width, prediction->height);
    const char *comma = "";
    for (size_t i = 0; i < prediction->object_count; i++) {
        struct edges at;
        if (edges_of(prediction, &prediction->objects[i], &at)) {
            text_put_words(text, comma);
            voc_put_object(text, &prediction->objects[i], &at);
            comma = ",";
        }
    }
    text_put_words(text, "]}}");
}

char *prediction_export(enum prediction_format format, const struct prediction *prediction,
                        const char *stream, const char *predictor, size_t *size)
{
    assert(prediction->object_count <= PREDICTION_OBJECTS_MAX);
    struct text text = { 0 };
    switch (format) {
    case PREDICTION_OWN:
        return prediction_json(prediction, stream, predictor, size);
    case PREDICTION_COCO:
        coco_put(&text, prediction, stream, predictor);
        break;
    case PREDICTION_VOC:
        voc_put(&text, prediction, stream, predictor);
        break;
    case PREDICTION_FORMAT_COUNT:
        assert(false);
        return NULL;
    }
    return text_finish(&text, size);
}
