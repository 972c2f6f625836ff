/* SPDX-License-Identifier: MIT */
#include "predict/kserve_wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const type_names[TENSOR_TYPE_COUNT] = {
    [TENSOR_F32] = "FP32",  [TENSOR_U8] = "UINT8",    [TENSOR_I32] = "INT32",
    [TENSOR_I64] = "INT64", [TENSOR_OTHER] = "other",
};

static enum tensor_type type_of(const char *name)
{
    for (int type = 0; name && type < TENSOR_OTHER; type++) {
        if (strcmp(type_names[type], name) == 0) {
            return (enum tensor_type)type;
        }
    }
    return TENSOR_OTHER;
}

/* jansson takes up to fifty times the room of its text: what is no answer must not take it. */
static json_t *json_read(const char *text, size_t size)
{
    return size <= KSERVE_JSON_MAX ? json_loadb(text, size, 0, NULL) : NULL;
}

/* What a server says of what went wrong, in the place of an answer; NULL: nothing. */
static const char *error_of(const json_t *root)
{
    return json_string_value(json_object_get(root, "error"));
}

static int shape_read(const json_t *tensor, struct tensor_shape *out)
{
    const json_t *sides = json_object_get(tensor, "shape");
    if (!json_is_array(sides) || json_array_size(sides) > TENSOR_RANK_MAX) {
        return -EPROTO;
    }
    out->type = type_of(json_string_value(json_object_get(tensor, "datatype")));
    out->rank = (unsigned)json_array_size(sides);
    for (unsigned i = 0; i < out->rank; i++) {
        const json_t *side = json_array_get(sides, i);
        if (!json_is_integer(side)) {
            return -EPROTO;
        }
        out->sides[i] = json_integer_value(side);
    }
    return 0;
}

static int ports_read(const json_t *list, struct tensor_port *ports, unsigned *count)
{
    if (!json_is_array(list) || json_array_size(list) > TENSOR_PORTS_MAX) {
        return -EPROTO;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *tensor = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(tensor, "name"));
        if (!name || strlen(name) >= TENSOR_NAME_SIZE || shape_read(tensor, &ports[i].shape)) {
            return -EPROTO;
        }
        snprintf(ports[i].name, sizeof(ports[i].name), "%s", name);
    }
    *count = (unsigned)json_array_size(list);
    return 0;
}

int kserve_metadata_read(const char *json, size_t size, struct tensor_ports *ports, char *why,
                         size_t why_size)
{
    json_t *root = json_read(json, size);
    *ports = (struct tensor_ports){ 0 };
    int err = ports_read(json_object_get(root, "inputs"), ports->inputs, &ports->input_count);
    if (!err) {
        err = ports_read(json_object_get(root, "outputs"), ports->outputs, &ports->output_count);
    }
    if (err) {
        const char *error = error_of(root);
        snprintf(why, why_size, "the server's metadata of the model cannot be read%s%.150s",
                 error ? ": " : "", error ? error : "");
    }
    json_decref(root);
    return err;
}

static json_t *input_json(const struct tensor_port *port)
{
    json_t *sides = json_array();
    for (unsigned i = 0; i < port->shape.rank; i++) {
        (void)json_array_append_new(sides, json_integer(port->shape.sides[i]));
    }
    const size_t bytes = tensor_count(&port->shape) * tensor_type_bytes(port->shape.type);
    return json_pack("{s:s,s:o,s:s,s:{s:I}}", "name", port->name, "shape", sides, "datatype",
                     type_names[port->shape.type], "parameters", "binary_data_size",
                     (json_int_t)bytes);
}

char *kserve_request_new(const struct tensor_ports *ports, size_t *size)
{
    json_t *outputs = json_array();
    for (unsigned i = 0; i < ports->output_count; i++) {
        json_t *output = json_pack("{s:s,s:{s:b}}", "name", ports->outputs[i].name, "parameters",
                                   "binary_data", 1);
        (void)json_array_append_new(outputs, output);
    }
    json_t *root =
        json_pack("{s:[o],s:o}", "inputs", input_json(&ports->inputs[0]), "outputs", outputs);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (!text) {
        return NULL;
    }
    const size_t length = strlen(text);
    *size = (length + KSERVE_ALIGNMENT - 1) / KSERVE_ALIGNMENT * KSERVE_ALIGNMENT;
    char *padded = realloc(text, *size + 1);
    if (!padded) {
        free(text);
        return NULL;
    }
    memset(padded + length, ' ', *size - length);
    padded[*size] = '\0';
    return padded;
}

void kserve_outputs_fini(struct kserve_outputs *outputs)
{
    for (unsigned i = 0; i < TENSOR_PORTS_MAX; i++) {
        free(outputs->data[i]);
    }
    *outputs = (struct kserve_outputs){ 0 };
}

static int output_index(const struct tensor_ports *ports, const char *name)
{
    for (unsigned i = 0; name && i < ports->output_count; i++) {
        if (strcmp(ports->outputs[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int output_copy(struct kserve_outputs *outputs, unsigned index, const char *from,
                       size_t bytes)
{
    if (outputs->capacity[index] < bytes) {
        void *grown = realloc(outputs->data[index], bytes);
        if (!grown) {
            return -ENOMEM;
        }
        outputs->data[index] = grown;
        outputs->capacity[index] = bytes;
    }
    if (bytes > 0) {
        memcpy(outputs->data[index], from, bytes);
    }
    outputs->tensors[index].data = outputs->data[index];
    return 0;
}

/* Whether it says how many values there are: none, or as many as are allowed. */
static bool shape_is_whole(const struct tensor_shape *shape)
{
    bool is_empty = false;
    for (unsigned i = 0; i < shape->rank; i++) {
        if (shape->sides[i] < 0 || shape->sides[i] > TENSOR_VALUES_MAX) {
            return false;
        }
        is_empty = is_empty || shape->sides[i] == 0;
    }
    return is_empty || tensor_count(shape) > 0;
}

/* An answer being read. */
struct reading {
    const struct kserve_answer *answer;
    const struct tensor_ports *ports;
    struct kserve_outputs *outputs;
    size_t at;     /* where the numbers of the next output begin */
    unsigned seen; /* outputs, a bit each */
    char *why;
    size_t why_size;
};

FC_PRINTF(2, 3) static int refuse(const struct reading *reading, const char *form, ...)
{
    static const char begin[] = "the inference server's answer: ";
    snprintf(reading->why, reading->why_size, "%s", begin);
    if (reading->why_size > strlen(begin)) {
        va_list args;
        va_start(args, form);
        vsnprintf(reading->why + strlen(begin), reading->why_size - strlen(begin), form, args);
        va_end(args);
    }
    return -EPROTO;
}

/* How many bytes an output's numbers have, once its shape and its size agree. */
static int output_size(const struct reading *reading, const json_t *tensor, unsigned index,
                       size_t *bytes)
{
    const struct tensor_port *port = &reading->ports->outputs[index];
    struct tensor_shape *shape = &reading->outputs->tensors[index].shape;
    const json_t *said = json_object_get(json_object_get(tensor, "parameters"), "binary_data_size");
    if (!json_is_integer(said)) {
        return refuse(reading,
                      "output '%.64s' has no binary_data_size; does it know binary tensors?",
                      port->name);
    }
    if (shape_read(tensor, shape) || !shape_is_whole(shape)) {
        return refuse(reading, "output '%.64s' has no shape that could be", port->name);
    }
    if (shape->type != port->shape.type) {
        return refuse(reading, "output '%.64s' has another datatype than the model had",
                      port->name);
    }
    /* One that is not used here is passed over, whatever its size. */
    const json_int_t size = json_integer_value(said);
    *bytes = shape->type == TENSOR_OTHER && size >= 0
                 ? (size_t)size
                 : tensor_count(shape) * tensor_type_bytes(shape->type);
    if (size < 0 || (size_t)size != *bytes) {
        char text[64];
        tensor_shape_print(shape, text, sizeof(text));
        return refuse(reading, "output '%.64s' is %s and has %lld bytes", port->name, text,
                      (long long)size);
    }
    if (*bytes > reading->answer->size - reading->at) {
        return refuse(reading, "it ends within output '%.64s'", port->name);
    }
    return 0;
}

static int output_read(struct reading *reading, const json_t *tensor)
{
    const char *name = json_string_value(json_object_get(tensor, "name"));
    const int index = output_index(reading->ports, name);
    if (index < 0) {
        return refuse(reading, "the model had no output '%.64s'", name ? name : "");
    }
    size_t bytes = 0;
    int err = output_size(reading, tensor, (unsigned)index, &bytes);
    if (!err && reading->ports->outputs[index].shape.type != TENSOR_OTHER) {
        err = output_copy(reading->outputs, (unsigned)index, reading->answer->body + reading->at,
                          bytes);
    }
    reading->at += bytes;
    reading->seen |= 1u << index;
    return err;
}

static int outputs_read(struct reading *reading, const json_t *root)
{
    const struct kserve_answer *answer = reading->answer;
    const json_t *list = json_object_get(root, "outputs");
    if (!root) {
        return refuse(reading, "its first %zu bytes of %zu are no JSON", answer->json_size,
                      answer->size);
    }
    if (!json_is_array(list)) {
        const char *error = error_of(root);
        return refuse(reading, "%.150s", error ? error : "it has no outputs");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const int err = output_read(reading, json_array_get(list, i));
        if (err) {
            return err;
        }
    }
    for (unsigned i = 0; i < reading->ports->output_count; i++) {
        if (!(reading->seen & 1u << i)) {
            return refuse(reading, "output '%.64s' is missing", reading->ports->outputs[i].name);
        }
    }
    return 0;
}

int kserve_answer_read(const struct kserve_answer *answer, const struct tensor_ports *ports,
                       struct kserve_outputs *outputs, char *why, size_t why_size)
{
    struct reading reading = {
        .answer = answer,
        .ports = ports,
        .outputs = outputs,
        .at = answer->json_size,
        .why = why,
        .why_size = why_size,
    };
    json_t *root =
        answer->json_size <= answer->size ? json_read(answer->body, answer->json_size) : NULL;
    const int err = outputs_read(&reading, root);
    json_decref(root);
    return err;
}

void kserve_error_read(const char *body, size_t size, char *text, size_t text_size)
{
    json_t *root = json_read(body, size);
    const char *error = error_of(root);
    if (error) {
        snprintf(text, text_size, "%s", error);
    } else {
        snprintf(text, text_size, "%.*s", (int)(size < 100 ? size : 100), size > 0 ? body : "");
    }
    for (char *c = text; *c; c++) {
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    json_decref(root);
}
