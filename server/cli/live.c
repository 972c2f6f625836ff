/* SPDX-License-Identifier: MIT */
#include "cli/live.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/live_wire.h"

/* "" unless it is a string; longer ones are cut. */
static void text_copy(const json_t *json, char *out, size_t size)
{
    const char *text = json_string_value(json);
    const size_t len = text ? strnlen(text, size - 1) : 0;
    memcpy(out, text ? text : "", len);
    out[len] = '\0';
}

static bool name_copy(const json_t *json, char name[STREAM_NAME_MAX + 1])
{
    const char *text = json_string_value(json);
    const size_t len = json_string_length(json);
    const bool is_valid = text && stream_name_is_valid(text, len);
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
    return word ? strcmp(word, LIVE_NO_STREAM) == 0
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

bool live_first_stream(struct fc_bytes json, char name[STREAM_NAME_MAX + 1])
{
    json_t *list = json_loadb((const char *)json.data, json.size, 0, NULL);
    char found[STREAM_NAME_MAX + 1];
    const bool has_one = name_copy(json_object_get(json_array_get(list, 0), "name"), found);
    if (has_one) {
        memcpy(name, found, sizeof(found));
    }
    json_decref(list);
    return has_one;
}
