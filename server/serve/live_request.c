/* SPDX-License-Identifier: MIT */
#include "serve/live_request.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "serve/window.h"

static const char *const type_names[LIVE_REQUEST_TYPE_COUNT] = {
    [LIVE_SUBSCRIBE] = "subscribe", [LIVE_UPDATE] = "update", [LIVE_PAUSE] = "pause",
    [LIVE_RESUME] = "resume",       [LIVE_ACK] = "ack",       [LIVE_UNSUBSCRIBE] = "unsubscribe",
};

/* A message being read. The first thing that is wrong sticks, and the rest is not looked at. */
struct reader {
    json_t *json;
    const char *code; /* NULL: in order so far */
    char *why;
    size_t why_size;
};

static FC_PRINTF(3, 4) void reader_fail(struct reader *reader, const char *code, const char *format,
                                        ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->why, reader->why_size, format, args);
    va_end(args);
    reader->code = code;
}

/* The member of that name, or NULL; also NULL once something is wrong. */
static const json_t *reader_get(const struct reader *reader, const char *name)
{
    return reader->code ? NULL : json_object_get(reader->json, name);
}

static void read_object(struct reader *reader, struct fc_bytes text)
{
    reader->json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(reader->json)) {
        reader_fail(reader, "bad_json", "a message must be one JSON object");
    }
}

static void read_type(struct reader *reader, enum live_request_type *out)
{
    const char *type = json_string_value(reader_get(reader, "type"));
    *out = LIVE_REQUEST_TYPE_COUNT;
    for (int i = 0; type && i < LIVE_REQUEST_TYPE_COUNT; i++) {
        if (strcmp(type, type_names[i]) == 0) {
            *out = (enum live_request_type)i;
        }
    }
    if (!reader->code && *out == LIVE_REQUEST_TYPE_COUNT) {
        reader_fail(reader, "unknown_type",
                    "type must be subscribe, update, pause, resume, ack or unsubscribe");
    }
}

static void read_stream(struct reader *reader, char out[STREAM_NAME_MAX + 1])
{
    const char *stream = json_string_value(reader_get(reader, "stream"));
    if (stream && strlen(stream) <= STREAM_NAME_MAX) {
        snprintf(out, STREAM_NAME_MAX + 1, "%s", stream);
    } else if (!reader->code) {
        reader_fail(reader, "bad_member", "stream must be the name of a stream; see /streams");
    }
}

static void read_flag(struct reader *reader, const char *name, bool *out)
{
    const json_t *value = reader_get(reader, name);
    if (json_is_boolean(value)) {
        *out = json_is_true(value);
    } else if (value) {
        reader_fail(reader, "bad_member", "%s must be true or false", name);
    }
}

static void read_whole(struct reader *reader, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *value = reader_get(reader, name);
    const json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= 0 && (uint64_t)number <= max) {
        *out = (uint64_t)number;
    } else if (value) {
        reader_fail(reader, "bad_member", "%s must be a whole number from 0 to %" PRIu64, name,
                    max);
    }
}

static void read_codec(struct reader *reader)
{
    const json_t *codec = reader_get(reader, "codec");
    const char *name = json_string_value(codec);
    if (codec && (!name || strcmp(name, "jpeg") != 0)) {
        reader_fail(reader, "bad_member", "codec must be jpeg: nothing else is offered");
    }
}

/* null means "as captured". */
static void read_key(struct reader *reader, struct rendition_key *key)
{
    for (size_t i = 0; i < KEY_MEMBER_COUNT; i++) {
        const struct key_member *member = &key_members[i];
        const json_t *value = reader_get(reader, member->name);
        if (json_is_null(value)) {
            key_clear(key, member);
        } else if (value &&
                   (!json_is_number(value) || !key_set(key, member, json_number_value(value)))) {
            reader_fail(reader, "bad_member", "%s must be a number from %g to %g", member->name,
                        member->min, member->max);
        }
    }
}

static void read_settings(struct reader *reader, struct live_request *out)
{
    uint64_t window = out->window;
    read_codec(reader);
    read_flag(reader, "pictures", &out->wants_pictures);
    read_flag(reader, "predictions", &out->wants_predictions);
    read_key(reader, &out->key);
    read_whole(reader, "window", WINDOW_MAX, &window);
    out->window = (uint32_t)window;
}

static void read_seq(struct reader *reader, uint64_t *out)
{
    if (!reader->code && !reader_get(reader, "seq")) {
        reader_fail(reader, "bad_member", "seq is missing");
    }
    read_whole(reader, "seq", INT64_MAX, out);
}

static void read_target(struct reader *reader, struct fc_bytes text, struct live_request *out)
{
    read_object(reader, text);
    read_type(reader, &out->type);
    read_stream(reader, out->stream);
}

const char *live_request_target(struct fc_bytes text, struct live_request *out, char *why,
                                size_t why_size)
{
    struct reader reader = { .why = why, .why_size = why_size };
    read_target(&reader, text, out);
    json_decref(reader.json);
    return reader.code;
}

const char *live_request_parse(struct fc_bytes text, struct live_request *out, char *why,
                               size_t why_size)
{
    struct reader reader = { .why = why, .why_size = why_size };
    read_target(&reader, text, out);
    if (out->type == LIVE_ACK) {
        read_seq(&reader, &out->seq);
    } else if (out->type == LIVE_SUBSCRIBE || out->type == LIVE_UPDATE) {
        read_settings(&reader, out);
    }
    json_decref(reader.json);
    return reader.code;
}
