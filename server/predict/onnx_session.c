/* SPDX-License-Identifier: MIT */
#include "predict/onnx_session.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/onnx_runtime.h"

#define OPTIMIZE_NOTHING 0
#define OPTIMIZE_ALL 99
#define ALLOCATOR_DEVICE 0
#define MEMORY_DEFAULT 0
#define ALIGNMENT 64

struct onnx_session {
    const struct onnx_runtime *runtime;
    struct ort_session *session;
    struct tensor_ports ports;
    const char *input_names[1];
    const char *output_names[TENSOR_PORTS_MAX];

    void *input;
    struct ort_value *input_value;
    struct ort_value *output_values[TENSOR_PORTS_MAX]; /* of the last run */
    struct tensor outputs[TENSOR_PORTS_MAX];
};

/* A sentence's room, handed down; the first that fails fills it. */
struct attempt {
    const struct onnx_runtime *runtime;
    char *why;
    size_t why_size;
};

static int attempt(const struct attempt *at, struct ort_status *status)
{
    return onnx_runtime_check(at->runtime, status, at->why, at->why_size);
}

static enum tensor_type type_of(int element)
{
    static const enum tensor_type types[] = {
        [0] = TENSOR_OTHER,       [ORT_FLOAT] = TENSOR_F32, [ORT_UINT8] = TENSOR_U8,
        [3] = TENSOR_OTHER,       [4] = TENSOR_OTHER,       [5] = TENSOR_OTHER,
        [ORT_INT32] = TENSOR_I32, [ORT_INT64] = TENSOR_I64,
    };
    const bool is_known = element >= 0 && (size_t)element < sizeof(types) / sizeof(types[0]);
    return is_known ? types[element] : TENSOR_OTHER;
}

static int shape_read(const struct attempt *at, const struct ort_shape *from,
                      struct tensor_shape *out)
{
    const struct ort_functions *call = &at->runtime->call;
    int element = 0;
    size_t rank = 0;
    int err = attempt(at, call->shape_element(from, &element));
    if (!err) {
        err = attempt(at, call->shape_rank(from, &rank));
    }
    if (!err && rank > TENSOR_RANK_MAX) {
        snprintf(at->why, at->why_size, "a tensor of it has %zu sides, over %d", rank,
                 TENSOR_RANK_MAX);
        err = -ENOTSUP;
    }
    if (err) {
        return err;
    }
    out->type = type_of(element);
    out->rank = (unsigned)rank;
    return attempt(at, call->shape_sides(from, out->sides, rank));
}

static int type_read(const struct attempt *at, struct ort_type_info *info, struct tensor_shape *out)
{
    const struct ort_shape *shape = NULL;
    int err = attempt(at, at->runtime->call.shape_of_type(info, &shape));
    if (!err && shape) {
        err = shape_read(at, shape, out);
    } else if (!err) {
        *out = (struct tensor_shape){ .type = TENSOR_OTHER }; /* a list or a map */
    }
    at->runtime->call.release_type(info);
    return err;
}

static int name_read(const struct attempt *at, struct ort_allocator *allocator, char *name,
                     struct tensor_port *port)
{
    const int size = snprintf(port->name, sizeof(port->name), "%s", name);
    int err = attempt(at, at->runtime->call.allocator_free(allocator, name));
    if (!err && (size_t)size >= sizeof(port->name)) {
        snprintf(at->why, at->why_size, "the name of its tensor '%.64s' is too long", port->name);
        err = -ENOTSUP;
    }
    return err;
}

/* The functions of inputs, or those of outputs. */
struct side {
    struct ort_status *(*count)(const struct ort_session *session, size_t *out);
    struct ort_status *(*type)(const struct ort_session *session, size_t index,
                               struct ort_type_info **out);
    struct ort_status *(*name)(const struct ort_session *session, size_t index,
                               struct ort_allocator *allocator, char **out);
};

static int port_read(const struct attempt *at, const struct ort_session *session,
                     const struct side *side, size_t index, struct tensor_port *port)
{
    struct ort_type_info *info = NULL;
    int err = attempt(at, side->type(session, index, &info));
    if (!err) {
        err = type_read(at, info, &port->shape);
    }
    struct ort_allocator *allocator = NULL;
    char *name = NULL;
    if (!err) {
        err = attempt(at, at->runtime->call.default_allocator(&allocator));
    }
    if (!err) {
        err = attempt(at, side->name(session, index, allocator, &name));
    }
    return err ? err : name_read(at, allocator, name, port);
}

static int side_read(const struct attempt *at, const struct ort_session *session,
                     const struct side *side, struct tensor_port *ports, unsigned *count)
{
    size_t all = 0;
    int err = attempt(at, side->count(session, &all));
    if (!err && all > TENSOR_PORTS_MAX) {
        snprintf(at->why, at->why_size, "it has %zu inputs or outputs, over %d", all,
                 TENSOR_PORTS_MAX);
        err = -ENOTSUP;
    }
    for (size_t i = 0; i < all && !err; i++) {
        err = port_read(at, session, side, i, &ports[i]);
    }
    *count = err ? 0 : (unsigned)all;
    return err;
}

static int ports_read(struct onnx_session *s, const struct attempt *at)
{
    const struct ort_functions *call = &s->runtime->call;
    const struct side inputs = { call->input_count, call->input_type, call->input_name };
    const struct side outputs = { call->output_count, call->output_type, call->output_name };
    int err = side_read(at, s->session, &inputs, s->ports.inputs, &s->ports.input_count);
    if (!err) {
        err = side_read(at, s->session, &outputs, s->ports.outputs, &s->ports.output_count);
    }
    s->input_names[0] = s->ports.inputs[0].name;
    for (unsigned i = 0; i < s->ports.output_count; i++) {
        s->output_names[i] = s->ports.outputs[i].name;
    }
    return err;
}

static int options_set(const struct attempt *at, struct ort_session_options *options, bool is_trial)
{
    const struct ort_functions *call = &at->runtime->call;
    static const char *const entries[] = { "session.intra_op.allow_spinning",
                                           "session.inter_op.allow_spinning" };
    const int level = is_trial ? OPTIMIZE_NOTHING : OPTIMIZE_ALL;
    int err = attempt(at, call->set_intra_threads(options, 1));
    if (!err) {
        err = attempt(at, call->set_inter_threads(options, 1));
    }
    if (!err) {
        err = attempt(at, call->set_optimization(options, level));
    }
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]) && !err; i++) {
        err = attempt(at, call->set_entry(options, entries[i], "0"));
    }
    return err;
}

int onnx_session_open(struct onnx_session **out, const struct onnx_model *model, char *why,
                      size_t why_size)
{
    struct attempt at = { .why = why, .why_size = why_size };
    int err = onnx_runtime_get(&at.runtime, model->library, why, why_size);
    if (err) {
        return err;
    }
    struct onnx_session *s = calloc(1, sizeof(*s));
    if (!s) {
        snprintf(why, why_size, "there is no memory for it");
        return -ENOMEM;
    }
    s->runtime = at.runtime;
    struct ort_session_options *options = NULL;
    err = attempt(&at, at.runtime->call.create_options(&options));
    if (!err) {
        err = options_set(&at, options, model->is_trial);
    }
    if (!err) {
        err = attempt(&at, at.runtime->call.create_session(at.runtime->env, model->path, options,
                                                           &s->session));
    }
    if (options) {
        at.runtime->call.release_options(options);
    }
    if (!err) {
        err = ports_read(s, &at);
    }
    if (err) {
        onnx_session_close(&s);
        return err;
    }
    *out = s;
    return 0;
}

static void outputs_release(struct onnx_session *s)
{
    for (unsigned i = 0; i < s->ports.output_count; i++) {
        if (s->output_values[i]) {
            s->runtime->call.release_value(s->output_values[i]);
            s->output_values[i] = NULL;
        }
    }
}

static void input_release(struct onnx_session *s)
{
    if (s->input_value) {
        s->runtime->call.release_value(s->input_value);
        s->input_value = NULL;
    }
    free(s->input);
    s->input = NULL;
}

void onnx_session_close(struct onnx_session **session)
{
    struct onnx_session *s = *session;
    *session = NULL;
    if (!s) {
        return;
    }
    outputs_release(s);
    input_release(s);
    if (s->session) {
        s->runtime->call.release_session(s->session);
    }
    free(s);
}

const struct tensor_ports *onnx_session_ports(const struct onnx_session *session)
{
    return &session->ports;
}

int onnx_session_bind(struct onnx_session *session, const struct tensor_shape *shape, char *why,
                      size_t why_size)
{
    static const int elements[TENSOR_TYPE_COUNT] = {
        [TENSOR_F32] = ORT_FLOAT,
        [TENSOR_U8] = ORT_UINT8,
        [TENSOR_I32] = ORT_INT32,
        [TENSOR_I64] = ORT_INT64,
    };
    const struct ort_functions *call = &session->runtime->call;
    const struct attempt at = { session->runtime, why, why_size };
    const size_t bytes = tensor_count(shape) * tensor_type_bytes(shape->type);
    input_release(session);
    session->input = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (!session->input || bytes == 0) {
        snprintf(why, why_size, "there is no memory for its input");
        return -ENOMEM;
    }
    memset(session->input, 0, bytes);
    struct ort_memory_info *memory = NULL;
    int err = attempt(&at, call->create_memory_info(ALLOCATOR_DEVICE, MEMORY_DEFAULT, &memory));
    if (!err) {
        err = attempt(&at,
                      call->create_tensor(memory, session->input, bytes, shape->sides, shape->rank,
                                          elements[shape->type], &session->input_value));
        call->release_memory_info(memory);
    }
    return err;
}

void *onnx_session_input(struct onnx_session *session)
{
    return session->input;
}

static int output_read(const struct attempt *at, struct ort_value *value, struct tensor *out)
{
    static const int64_t nothing; /* where a tensor without numbers is */
    const struct ort_functions *call = &at->runtime->call;
    int is_tensor = 0;
    int err = attempt(at, call->is_tensor(value, &is_tensor));
    if (!err && !is_tensor) {
        snprintf(at->why, at->why_size, "an output of it is no tensor");
        return -ENOTSUP;
    }
    struct ort_shape *shape = NULL;
    if (!err) {
        err = attempt(at, call->shape_of_value(value, &shape));
    }
    if (!err) {
        err = shape_read(at, shape, &out->shape);
        call->release_shape(shape);
    }
    void *data = NULL;
    if (!err) {
        err = attempt(at, call->tensor_data(value, &data));
    }
    out->data = data ? data : &nothing;
    return err;
}

int onnx_session_run(struct onnx_session *session, const struct tensor **outputs, char *why,
                     size_t why_size)
{
    assert(session->input_value);
    const struct attempt at = { session->runtime, why, why_size };
    const struct ort_value *const inputs[] = { session->input_value };
    outputs_release(session);
    int err = attempt(&at, session->runtime->call.run(session->session, NULL, session->input_names,
                                                      inputs, 1, session->output_names,
                                                      session->ports.output_count,
                                                      session->output_values));
    for (unsigned i = 0; i < session->ports.output_count && !err; i++) {
        err = output_read(&at, session->output_values[i], &session->outputs[i]);
    }
    *outputs = session->outputs;
    return err;
}
