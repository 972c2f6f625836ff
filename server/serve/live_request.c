/* SPDX-License-Identifier: MIT */
#include "serve/live_request.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "serve/window.h"

static const char *const type_names[LIVE_REQUEST_TYPE_COUNT] = {
    [LIVE_SUBSCRIBE] = "subscribe", [LIVE_UPDATE] = "update", [LIVE_PAUSE] = "pause",
    [LIVE_RESUME] = "resume",       [LIVE_ACK] = "ack",       [LIVE_UNSUBSCRIBE] = "unsubscribe",
};

static const char *load(struct fc_bytes text, json_t **out, char *why, size_t why_size)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(json)) {
        snprintf(why, why_size, "a message must be one JSON object");
        json_decref(json);
        return "bad_json";
    }
    *out = json;
    return NULL;
}

static const char *read_target(const json_t *json, struct live_request *out, char *why,
                               size_t why_size)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    out->type = LIVE_REQUEST_TYPE_COUNT;
    for (int i = 0; type && i < LIVE_REQUEST_TYPE_COUNT; i++) {
        if (strcmp(type, type_names[i]) == 0) {
            out->type = (enum live_request_type)i;
        }
    }
    if (out->type == LIVE_REQUEST_TYPE_COUNT) {
        snprintf(why, why_size,
                 "type must be subscribe, update, pause, resume, ack or unsubscribe");
        return "unknown_type";
    }
    const char *stream = json_string_value(json_object_get(json, "stream"));
    if (!stream || strlen(stream) > STREAM_NAME_MAX) {
        snprintf(why, why_size, "stream must be the name of a stream; see /streams");
        return "bad_member";
    }
    snprintf(out->stream, sizeof(out->stream), "%s", stream);
    return NULL;
}

static const char *read_flag(const json_t *json, const char *name, bool *flag, char *why,
                             size_t why_size)
{
    const json_t *value = json_object_get(json, name);
    if (value && !json_is_boolean(value)) {
        snprintf(why, why_size, "%s must be true or false", name);
        return "bad_member";
    }
    *flag = value ? json_is_true(value) : *flag;
    return NULL;
}

/* null means "as captured". */
static const char *read_key(const json_t *json, struct rendition_key *key, char *why,
                            size_t why_size)
{
    for (size_t i = 0; i < KEY_MEMBER_COUNT; i++) {
        const json_t *value = json_object_get(json, key_members[i].name);
        if (json_is_null(value)) {
            key_clear(key, &key_members[i]);
        } else if (value && (!json_is_number(value) ||
                             !key_set(key, &key_members[i], json_number_value(value)))) {
            snprintf(why, why_size, "%s must be a number from %g to %g", key_members[i].name,
                     key_members[i].min, key_members[i].max);
            return "bad_member";
        }
    }
    return NULL;
}

static const char *read_whole(const json_t *json, const char *name, json_int_t min, json_int_t max,
                              json_int_t *out, char *why, size_t why_size)
{
    const json_t *value = json_object_get(json, name);
    if (!value) {
        return NULL;
    }
    const json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < min || number > max) {
        snprintf(why, why_size, "%s must be a whole number from %lld to %lld", name, (long long)min,
                 (long long)max);
        return "bad_member";
    }
    *out = number;
    return NULL;
}

static const char *read_codec(const json_t *json, char *why, size_t why_size)
{
    const json_t *codec = json_object_get(json, "codec");
    const char *name = json_string_value(codec);
    if (codec && (!name || strcmp(name, "jpeg") != 0)) {
        snprintf(why, why_size, "codec must be jpeg: nothing else is offered");
        return "bad_member";
    }
    return NULL;
}

static const char *read_settings(const json_t *json, struct live_request *out, char *why,
                                 size_t why_size)
{
    json_int_t window = out->window;
    const char *code = read_codec(json, why, why_size);
    code = code ? code : read_flag(json, "pictures", &out->wants_pictures, why, why_size);
    code = code ? code : read_flag(json, "predictions", &out->wants_predictions, why, why_size);
    code = code ? code : read_key(json, &out->key, why, why_size);
    code = code ? code : read_whole(json, "window", 0, WINDOW_MAX, &window, why, why_size);
    out->window = (uint32_t)window;
    return code;
}

const char *live_request_target(struct fc_bytes text, struct live_request *out, char *why,
                                size_t why_size)
{
    json_t *json = NULL;
    const char *code = load(text, &json, why, why_size);
    code = code ? code : read_target(json, out, why, why_size);
    json_decref(json);
    return code;
}

const char *live_request_parse(struct fc_bytes text, struct live_request *out, char *why,
                               size_t why_size)
{
    json_t *json = NULL;
    const char *code = load(text, &json, why, why_size);
    code = code ? code : read_target(json, out, why, why_size);
    if (!code && out->type == LIVE_ACK) {
        json_int_t seq = -1;
        code = read_whole(json, "seq", 0, INT64_MAX, &seq, why, why_size);
        if (!code && seq < 0) {
            snprintf(why, why_size, "seq is missing");
            code = "bad_member";
        }
        out->seq = (uint64_t)seq;
    } else if (!code && (out->type == LIVE_SUBSCRIBE || out->type == LIVE_UPDATE)) {
        code = read_settings(json, out, why, why_size);
    }
    json_decref(json);
    return code;
}
