/* SPDX-License-Identifier: MIT */
#include "cli/live.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/*
 * A binary message:
 *
 *      0      1      2      3      4      5      6      7
 *     +------+------+-------------+------+------+-------------+
 *     |  1   | kind |  stream id  |codec |flags | header size |
 *     +------+------+-------------+------+------+-------------+
 *     |                   sequence number                     |
 *     +-------------------------------------------------------+
 *     |        capture time, microseconds since the epoch     |
 *     +---------------------------+-------------+-------------+
 *     |           width           |   height    |  left out   |
 *     +---------------------------+-------------+-------------+
 *     |  header size - 32 bytes that we skip, then the picture
 */

#define VERSION 1
#define KIND_PICTURE 1
#define CODE_NO_STREAM "no_such_stream"
#define FLAG_KEY 1u
#define FLAG_DISCONTINUITY 2u

static uint64_t read_be(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

const char *live_picture_decode(struct fc_bytes message, struct live_picture *out)
{
    const uint8_t *at = message.data;
    if (message.size < LIVE_HEADER_BYTES) {
        return "a picture's header is cut off";
    }
    if (at[0] != VERSION || at[1] != KIND_PICTURE) {
        return "a message is of a version or kind that this program does not know";
    }
    const size_t header_bytes = (size_t)read_be(at + 6, 2);
    if (header_bytes < LIVE_HEADER_BYTES || header_bytes > message.size) {
        return "a picture's header has an impossible size";
    }

    *out = (struct live_picture){
        .stream_id = (uint16_t)read_be(at + 2, 2),
        .codec = at[4],
        .is_key = at[5] & FLAG_KEY,
        .is_discontinuity = at[5] & FLAG_DISCONTINUITY,
        .seq = read_be(at + 8, 8),
        .captured_at_us = read_be(at + 16, 8),
        .width = (uint32_t)read_be(at + 24, 4),
        .height = (uint32_t)read_be(at + 28, 2),
        .left_out = (uint32_t)read_be(at + 30, 2),
        .payload = { at + header_bytes, message.size - header_bytes },
    };
    return NULL;
}

/* "" unless it is a string; longer ones are cut. */
static void text_copy(const json_t *json, char *out, size_t size)
{
    const char *text = json_string_value(json);
    const size_t len = text ? strnlen(text, size - 1) : 0;
    memcpy(out, text ? text : "", len);
    out[len] = '\0';
}

static bool name_copy(const json_t *json, char name[STREAM_NAME_MAX_CHARS + 1])
{
    const char *text = json_string_value(json);
    const size_t len = json_string_length(json);
    const bool is_valid = text && name_is_valid(text, len);
    memcpy(name, is_valid ? text : "", is_valid ? len + 1 : 1);
    return is_valid;
}

static enum live_text_type type_of(const char *type)
{
    static const char *const names[] = {
        [LIVE_STREAM] = "stream", [LIVE_PREDICTION] = "prediction", [LIVE_ERROR] = "error"
    };
    for (unsigned i = 0; i < LIVE_OTHER; i++) {
        if (strcmp(type, names[i]) == 0) {
            return (enum live_text_type)i;
        }
    }
    return LIVE_OTHER;
}

/* The word, or the number that the connection would be closed with. */
static bool is_no_stream(const json_t *code)
{
    const char *word = json_string_value(code);
    return word ? strcmp(word, CODE_NO_STREAM) == 0
                : json_integer_value(code) == LIVE_CLOSE_NO_STREAM;
}

bool live_text_parse(struct fc_bytes message, struct live_text *out)
{
    json_t *json = json_loadb((const char *)message.data, message.size, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    if (type) {
        struct live_text text = { .type = type_of(type) };
        const json_int_t id = json_integer_value(json_object_get(json, "id"));
        text.stream_id = id > 0 && id <= UINT16_MAX ? (uint16_t)id : 0;
        text.is_no_stream = is_no_stream(json_object_get(json, "code"));
        text_copy(json_object_get(json, "message"), text.message, sizeof(text.message));
        /* A description says "name"; everything else says which "stream" it is of. */
        if (!name_copy(json_object_get(json, "name"), text.stream)) {
            (void)name_copy(json_object_get(json, "stream"), text.stream);
        }
        *out = text;
    }
    json_decref(json);
    return type != NULL;
}

/* Takes json; without memory json is NULL or lacks a member, and jansson's calls pass that on. */
static char *text_of(json_t *json, int failed)
{
    char *text = failed ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

char *live_subscribe_text(const struct live_subscription *subscription)
{
    const struct live_subscription *s = subscription;
    json_t *json = json_object();
    int failed = json_object_set_new(json, "type", json_string("subscribe")) |
                 json_object_set_new(json, "stream", json_string(s->stream)) |
                 json_object_set_new(json, "pictures", json_boolean(s->wants_pictures)) |
                 json_object_set_new(json, "predictions", json_boolean(s->wants_predictions));
    if (s->wants_pictures) {
        failed |= json_object_set_new(json, "codec", json_string("jpeg"));
    }
    if (s->fps > 0) {
        failed |= json_object_set_new(json, "fps", json_real(s->fps));
    }
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = { { "width", s->width }, { "quality", s->quality }, { "window", s->window } };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i].value > 0) {
            failed |= json_object_set_new(json, numbers[i].name, json_integer(numbers[i].value));
        }
    }
    return text_of(json, failed);
}

char *live_ack_text(const char *stream, uint64_t seq)
{
    json_t *json = json_object();
    const int failed = json_object_set_new(json, "type", json_string("ack")) |
                       json_object_set_new(json, "stream", json_string(stream)) |
                       json_object_set_new(json, "seq", json_integer((json_int_t)seq));
    return text_of(json, failed);
}

bool live_first_stream(struct fc_bytes json, char name[STREAM_NAME_MAX_CHARS + 1])
{
    json_t *list = json_loadb((const char *)json.data, json.size, 0, NULL);
    char found[STREAM_NAME_MAX_CHARS + 1];
    const bool has_one = name_copy(json_object_get(json_array_get(list, 0), "name"), found);
    if (has_one) {
        memcpy(name, found, sizeof(found));
    }
    json_decref(list);
    return has_one;
}
