/* SPDX-License-Identifier: MIT */
#include "predict/prediction_check.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROUNDING 0.001f

static bool is_a_number(const struct prediction_object *object)
{
    return isfinite(object->score) && isfinite(object->x) && isfinite(object->y) &&
           isfinite(object->width) && isfinite(object->height);
}

/* The part of a side that lies in the picture; false when nothing does. */
static bool side_clip(float *begin, float *length)
{
    const float left = fmaxf(*begin, 0.0f);
    const float right = fminf(*begin + *length, 1.0f);
    if (!(*length >= 0.0f) || !(right >= left)) {
        return false;
    }
    *begin = left;
    *length = right - left;
    return true;
}

static bool side_stands_out(float begin, float length)
{
    return begin < -ROUNDING || begin + length > 1.0f + ROUNDING;
}

/* What is wrong with an object, or NULL; false in stays when it is better left out. */
static const char *object_check(struct prediction_object *object, bool *stays)
{
    const char *fault = NULL;
    *stays = true;
    if (!memchr(object->label, '\0', sizeof(object->label))) {
        object->label[sizeof(object->label) - 1] = '\0';
        fault = "its label has no end";
    }
    if (!is_a_number(object)) {
        *stays = false;
        return "its score or its box is not a number";
    }
    if (object->score > 1.0f + ROUNDING) {
        fault = "its score is above 1";
    }
    object->score = object->score < 0.0f ? -1.0f : fminf(object->score, 1.0f);
    if (side_stands_out(object->x, object->width) || side_stands_out(object->y, object->height)) {
        fault = "its box stands out of the picture";
    }
    if (!side_clip(&object->x, &object->width) || !side_clip(&object->y, &object->height)) {
        *stays = false;
        fault = "its box is outside the picture or inside out";
    }
    return fault;
}

static void note(size_t *faults, const char *fault, size_t index, char *why, size_t why_size)
{
    if ((*faults)++ == 0) {
        snprintf(why, why_size, "object %zu: %s", index, fault);
    }
}

size_t prediction_check(struct prediction *prediction, char *why, size_t why_size)
{
    size_t faults = 0, kept = 0;
    size_t count = prediction->object_count;
    if (count > PREDICTION_OBJECTS_MAX) {
        snprintf(why, why_size, "there are %zu objects, which is more than %d", count,
                 PREDICTION_OBJECTS_MAX);
        faults = count - PREDICTION_OBJECTS_MAX;
        count = PREDICTION_OBJECTS_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        struct prediction_object *object = &prediction->objects[i];
        bool stays;
        const char *fault = object_check(object, &stays);
        if (fault) {
            note(&faults, fault, i, why, why_size);
        }
        if (stays && kept++ != i) {
            prediction->objects[kept - 1] = *object;
        }
    }
    prediction->object_count = kept;
    return faults;
}
