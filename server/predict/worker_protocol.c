/* SPDX-License-Identifier: MIT */
#include "predict/worker_protocol.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "predict/worker_channel.h"
#include "predict/worker_slots.h"

/*
 * What we write, and the worker's first line. The lines are flat and their names differ, so that a
 * small worker can look for a name in the text instead of reading JSON.
 */

#define JPEG_NAME "jpeg"

size_t worker_hello_print(char out[WORKER_HELLO_SIZE], const char *stream, int64_t deadline_ns)
{
    const int size = snprintf(
        out, WORKER_HELLO_SIZE,
        "{\"version\":%d,\"stream\":\"%s\",\"shm_fd\":%d,\"shm_size\":%zu,\"slots\":%d,"
        "\"slot_size\":%zu,\"deadline_ms\":%" PRId64 ",\"line_max\":%d,\"objects_max\":%d}\n",
        WORKER_PROTOCOL_VERSION, stream, WORKER_SHM_FD, WORKER_SLOT_SIZE * WORKER_SLOTS,
        WORKER_SLOTS, WORKER_SLOT_SIZE, deadline_ns / NS_PER_MS, WORKER_LINE_MAX,
        PREDICTION_OBJECTS_MAX);
    assert(size > 0 && size < WORKER_HELLO_SIZE);
    return (size_t)size;
}

static size_t item_print(char *out, const struct worker_item *item)
{
    const struct picture *picture = item->picture;
    const int64_t us = picture->captured_at_us > 0 ? picture->captured_at_us : 0;
    const int size = snprintf(
        out, WORKER_ITEM_SIZE,
        "{\"seq\":%" PRIu64 ",\"slot\":%u,\"offset\":%zu,\"size\":%zu,\"width\":%" PRIu32
        ",\"height\":%" PRIu32 ",\"stride\":%zu,\"source_width\":%" PRIu32
        ",\"source_height\":%" PRIu32 ",\"captured_at\":%" PRId64 ".%06" PRId64 "}",
        picture->seq, item->slot, item->slot * WORKER_SLOT_SIZE, item->bytes, item->width,
        item->height, item->stride, picture->width, picture->height, us / 1000000, us % 1000000);
    assert(size > 0 && size < WORKER_ITEM_SIZE);
    return (size_t)size;
}

size_t worker_items_print(char *out, const struct worker_item *items, size_t count, bool is_batch)
{
    static const char begin[] = "{\"batch\":[", end[] = "]}";
    assert(count > 0 && (is_batch || count == 1));
    char *at = out;
    if (is_batch) {
        at = stpcpy(at, begin);
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            *at++ = ',';
        }
        at += item_print(at, &items[i]);
    }
    if (is_batch) {
        at = stpcpy(at, end);
    }
    *at++ = '\n';
    return (size_t)(at - out);
}

/* A member that is absent, null or an integer of the range. */
static bool number_get(const json_t *from, const char *name, json_int_t max, json_int_t *out)
{
    const json_t *value = json_object_get(from, name);
    if (!value || json_is_null(value)) {
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > max) {
        return false;
    }
    *out = json_integer_value(value);
    return true;
}

/* A text with room for its zero, without zeros in it. */
static bool text_get(const json_t *value, char out[PREDICTION_LABEL_SIZE])
{
    const size_t size = json_string_length(value);
    if (!json_is_string(value) || size >= PREDICTION_LABEL_SIZE ||
        strlen(json_string_value(value)) != size) {
        return false;
    }
    memcpy(out, json_string_value(value), size + 1);
    return true;
}

static bool format_get(struct worker_wish *wish, const json_t *from)
{
    const json_t *value = json_object_get(from, "format");
    if (!value || json_is_null(value)) {
        wish->format = PIXEL_RGB24;
        return true;
    }
    const char *name = json_string_value(value);
    wish->is_jpeg = name && strcmp(name, JPEG_NAME) == 0;
    wish->format = name && !wish->is_jpeg ? pixel_format_parse(name) : PIXEL_RGB24;
    return name && wish->format != PIXEL_FORMAT_COUNT;
}

/* NULL, or what is wrong with them. */
static const char *labels_get(struct worker_wish *wish, const json_t *from)
{
    const json_t *labels = json_object_get(from, "labels");
    if (!labels || json_is_null(labels)) {
        return NULL;
    }
    const size_t count = json_array_size(labels);
    if (!json_is_array(labels) || count > WORKER_LABELS_MAX) {
        return "labels is no list, or one of more than 4096";
    }
    if (count == 0) {
        return NULL;
    }
    wish->labels = calloc(count, sizeof(wish->labels[0]));
    if (!wish->labels) {
        return "there is no memory for labels";
    }
    for (; wish->label_count < count; wish->label_count++) {
        if (!text_get(json_array_get(labels, wish->label_count), wish->labels[wish->label_count])) {
            return "a label is no text, or longer than 63 bytes";
        }
    }
    return NULL;
}

/* NULL, or what is wrong with it. */
static const char *wish_read(struct worker_wish *wish, const json_t *json)
{
    if (!json_is_true(json_object_get(json, "ready"))) {
        return "its first line is not {\"ready\":true,...}";
    }
    if (!format_get(wish, json)) {
        return "format is none of rgb24, bgr24, gray8, nv12, jpeg";
    }
    json_int_t width = 0, height = 0, batch = 1;
    if (!number_get(json, "width", PICTURE_SIDE_MAX, &width) ||
        !number_get(json, "height", PICTURE_SIDE_MAX, &height)) {
        return "width or height is no number from 0 to 16384";
    }
    wish->width = (uint32_t)width;
    wish->height = (uint32_t)height;
    const bool is_whole = width > 0 && height > 0 && !wish->is_jpeg;
    if (is_whole && pixels_size(wish->format, wish->width, wish->height) == 0) {
        return "width or height cannot be had in that format: nv12 has even sides";
    }
    if (is_whole && pixels_size(wish->format, wish->width, wish->height) > WORKER_SLOT_SIZE) {
        return "width times height is more than 64 million pixels";
    }
    if (!number_get(json, "batch", WORKER_SLOTS, &batch) || batch < 1) {
        return "batch is no number from 1 to 8";
    }
    wish->batch = (unsigned)batch;
    const json_t *name = json_object_get(json, "name");
    if (name && !json_is_null(name) && !text_get(name, wish->name)) {
        return "name is no text, or longer than 63 bytes";
    }
    return labels_get(wish, json);
}

int worker_wish_parse(struct worker_wish *wish, const char *line, size_t size, char *why,
                      size_t why_size)
{
    _Static_assert(WORKER_SLOTS == 8 && WORKER_LABELS_MAX == 4096 && PICTURE_SIDE_MAX == 16384 &&
                       PREDICTION_LABEL_SIZE == 64,
                   "the sentences name them");
    *wish = (struct worker_wish){ 0 };
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    const char *error = json_string_value(json_object_get(json, "error"));
    int err = 0;
    if (error) {
        snprintf(why, why_size, "it says: %.120s", error);
        err = -EINVAL;
    } else {
        const char *wrong = wish_read(wish, json);
        if (wrong) {
            snprintf(why, why_size, "%s: \"%.60s\"", wrong, line);
            err = -EINVAL;
        }
    }
    json_decref(json);
    if (err) {
        worker_wish_fini(wish);
    }
    return err;
}

void worker_wish_fini(struct worker_wish *wish)
{
    free(wish->labels);
    *wish = (struct worker_wish){ 0 };
}
