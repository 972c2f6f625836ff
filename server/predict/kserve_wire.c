/* SPDX-License-Identifier: MIT */
#include "predict/kserve_wire.h"

#include <errno.h>
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
    json_t *root = json_loadb(json, size, 0, NULL);
    *ports = (struct tensor_ports){ 0 };
    int err = ports_read(json_object_get(root, "inputs"), ports->inputs, &ports->input_count);
    if (!err) {
        err = ports_read(json_object_get(root, "outputs"), ports->outputs, &ports->output_count);
    }
    if (err) {
        snprintf(why, why_size, "the server's metadata of the model cannot be read");
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

static bool sides_are_known(const struct tensor_shape *shape)
{
    for (unsigned i = 0; i < shape->rank; i++) {
        if (shape->sides[i] < 0) {
            return false;
        }
    }
    return true;
}

/* One output: *at is where its numbers begin, and then where they end. 0 or -errno. */
static int output_read(const struct kserve_answer *answer, const json_t *tensor, unsigned index,
                       struct kserve_outputs *outputs, size_t *at)
{
    struct tensor_shape *shape = &outputs->tensors[index].shape;
    const json_t *said = json_object_get(json_object_get(tensor, "parameters"), "binary_data_size");
    if (shape_read(tensor, shape) || !sides_are_known(shape) || !json_is_integer(said)) {
        return -EPROTO;
    }
    const size_t bytes = tensor_count(shape) * tensor_type_bytes(shape->type);
    if (json_integer_value(said) < 0 || (size_t)json_integer_value(said) != bytes ||
        bytes > answer->size - *at) {
        return -EPROTO;
    }
    const int err = output_copy(outputs, index, answer->body + *at, bytes);
    *at += bytes;
    return err;
}

int kserve_answer_read(const struct kserve_answer *answer, const struct tensor_ports *ports,
                       struct kserve_outputs *outputs, char *why, size_t why_size)
{
    size_t at = answer->json_size;
    json_t *root = at <= answer->size ? json_loadb(answer->body, at, 0, NULL) : NULL;
    const json_t *list = json_object_get(root, "outputs");
    int err = json_is_array(list) ? 0 : -EPROTO;
    unsigned seen = 0; /* a bit each */
    for (size_t i = 0; i < json_array_size(list) && !err; i++) {
        const json_t *tensor = json_array_get(list, i);
        const int index = output_index(ports, json_string_value(json_object_get(tensor, "name")));
        err = index < 0 ? -EPROTO : output_read(answer, tensor, (unsigned)index, outputs, &at);
        seen |= index < 0 ? 0 : 1u << index;
    }
    if (!err && seen != (1u << ports->output_count) - 1) {
        err = -EPROTO;
    }
    if (err) {
        snprintf(why, why_size, "the server's answer does not hold the outputs as binary tensors");
    }
    json_decref(root);
    return err;
}

void kserve_error_read(const char *body, size_t size, char *text, size_t text_size)
{
    json_t *root = json_loadb(body, size, 0, NULL);
    const char *error = json_string_value(json_object_get(root, "error"));
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
