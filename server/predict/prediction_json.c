/* SPDX-License-Identifier: MIT */
#include "predict/prediction_json.h"

#include <assert.h>
#include <inttypes.h>

#include "predict/text.h"

static void object_put(struct text *text, const struct prediction_object *object)
{
    text_put_words(text, "{\"label\":");
    text_put_quoted(text, object->label);
    if (object->score >= 0) {
        text_put_words(text, ",\"score\":");
        text_put_number(text, object->score, 3);
    }
    text_put_words(text, ",\"box\":[");
    text_put_number(text, object->x, 4);
    text_put(text, ",", 1);
    text_put_number(text, object->y, 4);
    text_put(text, ",", 1);
    text_put_number(text, object->width, 4);
    text_put(text, ",", 1);
    text_put_number(text, object->height, 4);
    text_put(text, "]", 1);
    if (object->track) {
        text_print(text, ",\"track\":%" PRIu32, object->track);
    }
    text_put(text, "}", 1);
}

char *prediction_json(const struct prediction *prediction, const char *stream,
                      const char *predictor, size_t *size)
{
    assert(prediction->object_count <= PREDICTION_OBJECTS_MAX);
    struct text text = { 0 };
    const int64_t us = prediction->captured_at_us > 0 ? prediction->captured_at_us : 0;

    text_put_words(&text, "{\"type\":\"prediction\",\"stream\":");
    text_put_quoted(&text, stream);
    text_print(&text, ",\"seq\":%" PRIu64 ",\"captured_at\":%" PRId64 ".%06" PRId64,
               prediction->seq, us / 1000000, us % 1000000);
    text_put_words(&text, ",\"predictor\":");
    text_put_quoted(&text, predictor);
    text_put_words(&text, ",\"latency_ms\":");
    text_put_decimal(&text, (prediction->latency_ns + 5000) / 10000, 2);
    text_print(&text, ",\"width\":%" PRIu32 ",\"height\":%" PRIu32 ",\"objects\":[",
               prediction->width, prediction->height);
    for (size_t i = 0; i < prediction->object_count; i++) {
        if (i > 0) {
            text_put(&text, ",", 1);
        }
        object_put(&text, &prediction->objects[i]);
    }
    text_put_words(&text, "],\"data\":");
    text_put_json(&text, prediction->data);
    text_put_words(&text, "}");
    return text_finish(&text, size);
}
