/* SPDX-License-Identifier: MIT */
#include "predict/worker_protocol.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/*
 * A worker's results. Jansson reads the line; only the data is copied from its text, so that
 * numbers keep the digits that the worker wrote.
 */

#define BOX_SIDES 4
#define FRACTION_MIN (-1.0) /* a box may reach out of the picture */
#define FRACTION_MAX 2.0    /* but one in pixels is a mistake */

int worker_answer_parse(struct worker_answer *answer, const char *line, size_t size, char *why,
                        size_t why_size)
{
    *answer = (struct worker_answer){ .line = line };
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *seq = json_object_get(json, "seq");
    if (!json_is_integer(seq) || json_integer_value(seq) < 0) {
        snprintf(why, why_size, "it wrote what is no result: \"%.60s\"", line);
        json_decref(json);
        return -EPROTO;
    }
    answer->json = json;
    answer->seq = (uint64_t)json_integer_value(seq);
    return 0;
}

void worker_answer_fini(struct worker_answer *answer)
{
    json_decref(answer->json);
    *answer = (struct worker_answer){ 0 };
}

static bool is_absent(const json_t *value)
{
    return !value || json_is_null(value);
}

/* A text, or a number that names one of the worker's labels. */
static const char *label_read(const json_t *value, const struct worker_wish *wish,
                              struct prediction_object *out)
{
    if (is_absent(value)) {
        return NULL;
    }
    if (json_is_integer(value)) {
        const json_int_t index = json_integer_value(value);
        if (index < 0 || (uint64_t)index >= wish->label_count) {
            return "label is a number that no label has";
        }
        memcpy(out->label, wish->labels[index], sizeof(out->label));
        return NULL;
    }
    const size_t size = json_string_length(value);
    if (!json_is_string(value) || size >= sizeof(out->label) ||
        strlen(json_string_value(value)) != size) {
        return "label is no text, or longer than 63 bytes";
    }
    memcpy(out->label, json_string_value(value), size + 1);
    return NULL;
}

static const char *box_read(const json_t *box, struct prediction_object *out)
{
    float *const sides[BOX_SIDES] = { &out->x, &out->y, &out->width, &out->height };
    if (!json_is_array(box) || json_array_size(box) != BOX_SIDES) {
        return "box is no list of four numbers";
    }
    for (size_t i = 0; i < BOX_SIDES; i++) {
        const json_t *side = json_array_get(box, i);
        const double value = json_number_value(side);
        if (!json_is_number(side) || !(value >= FRACTION_MIN && value <= FRACTION_MAX)) {
            return "box is not x, y, width, height as fractions of the picture";
        }
        *sides[i] = (float)value;
    }
    return out->width < 0 || out->height < 0 ? "box has a negative width or height" : NULL;
}

/* NULL, or what is wrong with it. */
static const char *object_read(const json_t *json, const struct worker_wish *wish,
                               struct prediction_object *out)
{
    *out = (struct prediction_object){ .score = -1 };
    const char *wrong = label_read(json_object_get(json, "label"), wish, out);
    if (wrong) {
        return wrong;
    }
    const json_t *score = json_object_get(json, "score");
    const json_t *track = json_object_get(json, "track");
    if (!is_absent(score)) {
        const double value = json_number_value(score);
        if (!json_is_number(score) || !(value >= 0 && value <= 1)) {
            return "score is no number from 0 to 1";
        }
        out->score = (float)value;
    }
    if (!is_absent(track)) {
        if (!json_is_integer(track) || json_integer_value(track) < 0 ||
            json_integer_value(track) > UINT32_MAX) {
            return "track is no number from 0 to 4294967295";
        }
        out->track = (uint32_t)json_integer_value(track);
    }
    return box_read(json_object_get(json, "box"), out);
}

static const char *objects_read(const json_t *objects, const struct worker_wish *wish,
                                struct prediction *out)
{
    if (is_absent(objects)) {
        return NULL;
    }
    const size_t count = json_array_size(objects);
    if (!json_is_array(objects) || count > PREDICTION_OBJECTS_MAX) {
        return "objects is no list, or one of more than 256";
    }
    for (size_t i = 0; i < count; i++) {
        const char *wrong = object_read(json_array_get(objects, i), wish, &out->objects[i]);
        if (wrong) {
            return wrong;
        }
    }
    out->object_count = count;
    return NULL;
}

/* The end of a string that begins there. */
static const char *string_end(const char *at)
{
    for (at++; *at != '"'; at++) {
        at += *at == '\\';
    }
    return at + 1;
}

/* The end of any value that begins there: where its brackets are closed and a comma follows. */
static const char *value_end(const char *at)
{
    int depth = 0;
    for (;;) {
        if (*at == '"') {
            at = string_end(at);
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}' || *at == ']')) {
            return at;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    }
}

/*
 * The text of a member of the outermost object of a line that is known to be valid; NULL when it
 * has none of that name, written so.
 */
static const char *member_text(const char *line, const char *name, size_t *size)
{
    const size_t name_size = strlen(name);
    const char *at = strchr(line, '{') + 1;
    for (;;) {
        at += strcspn(at, "\"}");
        if (*at == '}') {
            return NULL;
        }
        const char *key = at + 1;
        at = string_end(at);
        const bool is_it = (size_t)(at - key - 1) == name_size && !memcmp(key, name, name_size);
        at = strchr(at, ':') + 1;
        const char *end = value_end(at);
        if (is_it) {
            *size = (size_t)(end - at);
            return at;
        }
        at = end;
    }
}

static const char *data_read(const struct worker_answer *answer, struct prediction *out)
{
    size_t size = 0;
    if (is_absent(json_object_get(answer->json, "data"))) {
        return NULL;
    }
    const char *text = member_text(answer->line, "data", &size);
    if (!text) {
        return "the name of \"data\" is written with escapes";
    }
    if (size > WORKER_DATA_MAX) {
        return "data has more than 65536 bytes";
    }
    out->data = strndup(text, size);
    return out->data ? NULL : "there is no memory for data";
}

static const char *fill(const struct worker_answer *answer, const struct worker_wish *wish,
                        struct prediction *out)
{
    const char *wrong = objects_read(json_object_get(answer->json, "objects"), wish, out);
    return wrong ? wrong : data_read(answer, out);
}

int worker_answer_fill(const struct worker_answer *answer, const struct worker_wish *wish,
                       struct prediction *out, char *why, size_t why_size)
{
    _Static_assert(PREDICTION_OBJECTS_MAX == 256 && PREDICTION_LABEL_SIZE == 64 &&
                       WORKER_DATA_MAX == 65536,
                   "the sentences name them");
    assert(!out->data && out->object_count == 0);
    const json_t *error = json_object_get(answer->json, "error");
    const char *wrong = NULL;
    if (!is_absent(error)) {
        snprintf(why, why_size, "it says: %.120s",
                 json_is_string(error) ? json_string_value(error) : "an error that is no text");
    } else {
        wrong = fill(answer, wish, out);
        if (!wrong) {
            return 0;
        }
        snprintf(why, why_size, "%s", wrong);
    }
    free(out->data);
    out->data = NULL;
    out->object_count = 0;
    return -EINVAL;
}
