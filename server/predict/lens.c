/* SPDX-License-Identifier: MIT */
#include "predict/lens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "predict/text.h"

#define FILLS 0.98f /* of a side */

struct lens {
    struct view_maker *maker;
    struct view_region region;
    uint32_t width;
    struct prediction part;   /* what is said of one crop, */
    struct view_region shown; /* which is this */
};

struct lens *lens_new(const struct view_region *region, uint32_t width)
{
    struct lens *lens = calloc(1, sizeof(*lens));
    if (!lens) {
        return NULL;
    }
    lens->region = *region;
    lens->width = width;
    lens->maker = view_maker_new();
    if (!lens->maker) {
        lens_free(&lens);
    }
    return lens;
}

void lens_free(struct lens **lens)
{
    struct lens *l = *lens;
    *lens = NULL;
    if (l) {
        view_maker_free(&l->maker);
        free(l);
    }
}

/* From fractions of a part to fractions of the whole. */
static void object_map(struct prediction_object *object, const struct view_region *part)
{
    object->x = part->x + object->x * part->width;
    object->y = part->y + object->y * part->height;
    object->width *= part->width;
    object->height *= part->height;
}

/* Look at one part of a picture. out's objects stay fractions of the part. */
static int look_at(const struct predictor_kind *kind, void *instance, struct picture *view,
                   struct prediction *out)
{
    out->width = view->width;
    out->height = view->height;
    return kind->look(instance, view, out);
}

static struct picture *view_of(struct lens *lens, struct picture *picture,
                               const struct view_region *region, struct view_region *actual,
                               struct prediction *out)
{
    const int64_t begin_ns = clock_steady_ns();
    struct picture *view = view_make(lens->maker, picture, region, lens->width, actual);
    out->convert_ns += clock_steady_ns() - begin_ns;
    if (!view) {
        snprintf(out->why, sizeof(out->why),
                 "the picture cannot be decoded, or the region is not in it");
    }
    return view;
}

static int look_at_region(struct lens *lens, const struct predictor_kind *kind, void *instance,
                          struct picture *picture, struct prediction *out)
{
    struct view_region actual;
    struct picture *view = view_of(lens, picture, &lens->region, &actual, out);
    if (!view) {
        return -EINVAL;
    }
    const int err = look_at(kind, instance, view, out);
    for (size_t i = 0; !err && view != picture && i < out->object_count; i++) {
        object_map(&out->objects[i], &actual);
    }
    picture_unref(&view);
    return err;
}

/* ---- crops ---- */

static bool fills(const struct prediction_object *object)
{
    return object->width >= FILLS && object->height >= FILLS;
}

/* Add what was said of a crop to what was said of the picture. */
static void take_part(struct prediction *out, const struct prediction *part,
                      const struct prediction_object *box, const struct view_region *actual)
{
    for (size_t i = 0; i < part->object_count && out->object_count < PREDICTION_OBJECTS_MAX; i++) {
        struct prediction_object *object = &out->objects[out->object_count++];
        *object = part->objects[i];
        if (fills(object)) {
            object->x = box->x;
            object->y = box->y;
            object->width = box->width;
            object->height = box->height;
            object->track = object->track ? object->track : box->track;
        } else {
            object_map(object, actual);
        }
    }
}

static void put_data(struct text *text, const struct prediction_object *box, const char *data)
{
    const float sides[] = { box->x, box->y, box->width, box->height };
    text_put_words(text, text->size == 0 ? "[{\"box\":[" : ",{\"box\":[");
    for (int i = 0; i < 4; i++) {
        text_put_words(text, i == 0 ? "" : ",");
        text_put_number(text, (double)sides[i], 4);
    }
    text_print(text, "],\"track\":%u,\"data\":", box->track);
    text_put_json(text, data);
    text_put_words(text, "}");
}

/* How many boxes have a higher score, or the same and come before: its place. */
static size_t rank_of(const struct found *found, size_t index)
{
    size_t rank = 0;
    for (size_t i = 0; i < found->count; i++) {
        const float other = found->objects[i].score;
        const float own = found->objects[index].score;
        rank += other > own || (i < index && other >= own);
    }
    return rank;
}

static int look_at_box(struct lens *lens, const struct predictor_kind *kind, void *instance,
                       struct picture *picture, const struct prediction_object *box)
{
    const struct view_region region = { box->x, box->y, box->width, box->height };
    struct picture *view = view_of(lens, picture, &region, &lens->shown, &lens->part);
    if (!view) {
        return -EINVAL;
    }
    const int err = look_at(kind, instance, view, &lens->part);
    picture_unref(&view);
    return err;
}

static int look_at_boxes(struct lens *lens, const struct predictor_kind *kind, void *instance,
                         const struct inbox_item *item, struct prediction *out)
{
    struct text text = { 0 };
    bool has_data = false;
    int err = 0;
    for (size_t i = 0; !err && i < item->found->count; i++) {
        const struct prediction_object *box = &item->found->objects[i];
        if (rank_of(item->found, i) >= LENS_CROPS_MAX) {
            continue;
        }
        struct prediction *part = &lens->part;
        *part = (struct prediction){
            .stream = out->stream,
            .seq = out->seq,
            .captured_at_us = out->captured_at_us,
        };
        err = look_at_box(lens, kind, instance, item->picture, box);
        out->convert_ns += part->convert_ns;
        if (err) {
            memcpy(out->why, part->why, sizeof(out->why));
        } else {
            take_part(out, part, box, &lens->shown);
        }
        if (!err && part->data) {
            put_data(&text, box, part->data);
            has_data = true;
        }
        free(part->data);
        part->data = NULL;
    }
    text_put_words(&text, "]");
    size_t size = 0;
    char *data = text_finish(&text, &size);
    if (has_data && !err) {
        out->data = data;
    } else {
        free(data);
    }
    return err;
}

int lens_look(struct lens *lens, const struct predictor_kind *kind, void *instance,
              const struct inbox_item *item, struct prediction *out)
{
    const uint32_t width = out->width;
    const uint32_t height = out->height;
    const int err = item->found ? look_at_boxes(lens, kind, instance, item, out)
                                : look_at_region(lens, kind, instance, item->picture, out);
    out->width = width; /* of the whole picture, whatever was shown */
    out->height = height;
    return err;
}
