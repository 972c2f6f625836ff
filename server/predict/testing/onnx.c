/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/onnx_runtime.h"

/*
 * Plays ONNX Runtime to a face detector that always finds the same two. The model's file says how
 * its third run goes wrong; the first is the one at the start:
 *
 *     well | refused | unlike | list | rank | type | empty | more
 *
 * or at the start already: garbage, many, long, pair, nothing.
 */

#define DOUBLE 11 /* an element that nobody here reads */
#define SIDE 16
#define FACES 2
#define BAD_RUN 3

struct ort_status {
    char text[96];
};

struct ort_shape {
    int element;
    size_t rank;
    int64_t sides[9];
};

struct ort_type_info {
    struct ort_shape shape;
};

struct ort_value {
    struct ort_shape shape;
    bool is_list;
    float data[12];
};

struct ort_session {
    char script[16];
    unsigned runs;
};

struct ort_session_options {
    int level;
};

struct ort_memory_info {
    int allocator;
};

/* For the test: objects that are alive; and which of the calls that can fail does, from 1. */
FC_EXPORT long fake_onnx_alive(void);
FC_EXPORT void fake_onnx_fail_at(long call);
FC_EXPORT const void *OrtGetApiBase(void);

static _Atomic long alive, calls, fail_at;

long fake_onnx_alive(void)
{
    return alive;
}

void fake_onnx_fail_at(long call)
{
    calls = 0;
    fail_at = call;
}

static void *make(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory) {
        abort();
    }
    alive++;
    return memory;
}

static void release(void *memory)
{
    alive -= memory != NULL;
    free(memory);
}

static struct ort_status *complain(const char *text)
{
    struct ort_status *status = make(sizeof(*status));
    snprintf(status->text, sizeof(status->text), "%s", text);
    return status;
}

/* Whether it is this call's turn to fail. */
static struct ort_status *turn(void)
{
    const long call = atomic_fetch_add(&calls, 1) + 1;
    char text[64];
    snprintf(text, sizeof(text), "call %ld\nfails", call);
    return call == fail_at ? complain(text) : NULL;
}

static bool is(const struct ort_session *session, const char *script)
{
    return strcmp(session->script, script) == 0;
}

static const char *error_message(const struct ort_status *status)
{
    return status->text;
}

static struct ort_status *create_env(ort_log_function *log, void *ctx, int level, const char *id,
                                     struct ort_env **out)
{
    struct ort_status *status = turn();
    static char env;
    *out = status ? NULL : (struct ort_env *)&env;
    if (!status) {
        log(ctx, level, "test", id, "here", "the fake runtime is made\nand says too much");
    }
    return status;
}

static struct ort_status *create_options(struct ort_session_options **out)
{
    struct ort_status *status = turn();
    *out = status ? NULL : make(sizeof(**out));
    return status;
}

static struct ort_status *set_number(struct ort_session_options *options, int number)
{
    options->level = number;
    return turn();
}

static struct ort_status *set_entry(struct ort_session_options *options, const char *key,
                                    const char *value)
{
    (void)options;
    (void)key;
    (void)value;
    return turn();
}

static struct ort_status *create_session(const struct ort_env *env, const char *path,
                                         const struct ort_session_options *options,
                                         struct ort_session **out)
{
    (void)env;
    (void)options;
    struct ort_status *status = turn();
    if (status) {
        return status;
    }
    struct ort_session *session = make(sizeof(*session));
    FILE *file = fopen(path, "re");
    if (file) {
        (void)!fread(session->script, 1, sizeof(session->script) - 1, file);
        fclose(file);
    }
    if (is(session, "garbage")) {
        release(session);
        return complain("Protobuf parsing failed.");
    }
    *out = session;
    return NULL;
}

static struct ort_status *input_count(const struct ort_session *session, size_t *out)
{
    *out = is(session, "pair") ? 2 : 1;
    return turn();
}

static struct ort_status *output_count(const struct ort_session *session, size_t *out)
{
    *out = is(session, "many") ? 17 : is(session, "nothing") ? 0 : 2;
    return turn();
}

static struct ort_status *make_type(struct ort_shape shape, struct ort_type_info **out)
{
    struct ort_status *status = turn();
    if (!status) {
        *out = make(sizeof(**out));
        (*out)->shape = shape;
    }
    return status;
}

static struct ort_status *input_type(const struct ort_session *session, size_t index,
                                     struct ort_type_info **out)
{
    (void)session;
    (void)index;
    return make_type((struct ort_shape){ ORT_FLOAT, 4, { -1, 3, SIDE, SIDE } }, out);
}

/* Scores, then boxes. */
static struct ort_status *output_type(const struct ort_session *session, size_t index,
                                      struct ort_type_info **out)
{
    (void)session;
    return make_type((struct ort_shape){ ORT_FLOAT, 3, { 1, -1, index == 0 ? 2 : 4 } }, out);
}

static struct ort_status *make_name(const char *name, char **out)
{
    struct ort_status *status = turn();
    if (!status) {
        *out = make(256);
        snprintf(*out, 256, "%s", name);
    }
    return status;
}

static struct ort_status *input_name(const struct ort_session *session, size_t index,
                                     struct ort_allocator *allocator, char **out)
{
    (void)index;
    (void)allocator;
    char name[256] = "input";
    if (is(session, "long")) {
        memset(name, 'n', 200);
    }
    return make_name(name, out);
}

static struct ort_status *output_name(const struct ort_session *session, size_t index,
                                      struct ort_allocator *allocator, char **out)
{
    (void)session;
    (void)allocator;
    return make_name(index == 0 ? "scores" : "boxes", out);
}

static struct ort_status *default_allocator(struct ort_allocator **out)
{
    static char allocator;
    *out = (struct ort_allocator *)&allocator;
    return turn();
}

static struct ort_status *allocator_free(struct ort_allocator *allocator, void *memory)
{
    (void)allocator;
    release(memory);
    return turn();
}

/* What the runs of a well model give, and what the third of another does. */
static struct ort_value *make_output(const struct ort_session *session, size_t index)
{
    static const float scores[] = { 0.1f, 0.9f, 0.2f, 0.8f };
    static const float boxes[] = { 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, 1, 1 };
    struct ort_value *value = make(sizeof(*value));
    value->shape = (struct ort_shape){ ORT_FLOAT, 3, { 1, FACES, index == 0 ? 2 : 4 } };
    memcpy(value->data, index == 0 ? scores : boxes, index == 0 ? sizeof(scores) : sizeof(boxes));
    if (session->runs != BAD_RUN) {
        return value;
    }
    value->is_list = is(session, "list");
    if (is(session, "rank")) {
        value->shape.rank = 9;
    } else if (is(session, "type")) {
        value->shape.element = DOUBLE;
    } else if (is(session, "empty")) {
        value->shape.sides[1] = 0;
    } else if (is(session, "more") && index == 0) {
        value->shape.sides[1] = FACES + 1;
    } else if (is(session, "unlike")) {
        value->shape.rank = 1;
    }
    return value;
}

static struct ort_status *run(struct ort_session *session, const void *run_options,
                              const char *const *input_names, const struct ort_value *const *inputs,
                              size_t inputs_size, const char *const *output_names,
                              size_t outputs_size, struct ort_value **outputs)
{
    (void)run_options;
    (void)input_names;
    (void)output_names;
    session->runs++;
    if (inputs_size != 1 || !inputs[0]) {
        return complain("there is no input");
    }
    struct ort_status *status = turn();
    if (!status && session->runs == BAD_RUN && is(session, "refused")) {
        status = complain("the third run fails");
    }
    for (size_t i = 0; i < outputs_size && !status; i++) {
        outputs[i] = make_output(session, i);
    }
    return status;
}

static struct ort_status *create_memory_info(int allocator, int memory,
                                             struct ort_memory_info **out)
{
    (void)memory;
    struct ort_status *status = turn();
    if (!status) {
        *out = make(sizeof(**out));
        (*out)->allocator = allocator;
    }
    return status;
}

static struct ort_status *create_tensor(const struct ort_memory_info *info, void *data,
                                        size_t bytes, const int64_t *sides, size_t rank,
                                        int element, struct ort_value **out)
{
    (void)info;
    (void)data;
    (void)sides;
    (void)rank;
    if (bytes != sizeof(float) * 3 * SIDE * SIDE || element != ORT_FLOAT) {
        return complain("another input");
    }
    struct ort_status *status = turn();
    if (!status) {
        *out = make(sizeof(**out));
    }
    return status;
}

static struct ort_status *is_tensor(const struct ort_value *value, int *out)
{
    *out = !value->is_list;
    return turn();
}

/* As the real one: no numbers have no place. */
static struct ort_status *tensor_data(struct ort_value *value, void **out)
{
    *out = value->shape.sides[1] == 0 ? NULL : value->data;
    return turn();
}

static struct ort_status *shape_of_type(const struct ort_type_info *info,
                                        const struct ort_shape **out)
{
    *out = &info->shape;
    return turn();
}

static struct ort_status *shape_of_value(const struct ort_value *value, struct ort_shape **out)
{
    struct ort_status *status = turn();
    if (!status) {
        *out = make(sizeof(**out));
        **out = value->shape;
    }
    return status;
}

static struct ort_status *shape_element(const struct ort_shape *shape, int *out)
{
    *out = shape->element;
    return turn();
}

static struct ort_status *shape_rank(const struct ort_shape *shape, size_t *out)
{
    *out = shape->rank;
    return turn();
}

static struct ort_status *shape_sides(const struct ort_shape *shape, int64_t *sides, size_t count)
{
    memcpy(sides, shape->sides, count * sizeof(*sides));
    return turn();
}

typedef void any_function(void);

static const void *get_api(uint32_t version)
{
    static any_function *const table[] = {
        [2] = (any_function *)error_message,
        [4] = (any_function *)create_env,
        [7] = (any_function *)create_session,
        [9] = (any_function *)run,
        [10] = (any_function *)create_options,
        [23] = (any_function *)set_number,
        [24] = (any_function *)set_number,
        [25] = (any_function *)set_number,
        [30] = (any_function *)input_count,
        [31] = (any_function *)output_count,
        [33] = (any_function *)input_type,
        [34] = (any_function *)output_type,
        [36] = (any_function *)input_name,
        [37] = (any_function *)output_name,
        [49] = (any_function *)create_tensor,
        [50] = (any_function *)is_tensor,
        [51] = (any_function *)tensor_data,
        [55] = (any_function *)shape_of_type,
        [60] = (any_function *)shape_element,
        [61] = (any_function *)shape_rank,
        [62] = (any_function *)shape_sides,
        [65] = (any_function *)shape_of_value,
        [69] = (any_function *)create_memory_info,
        [76] = (any_function *)allocator_free,
        [78] = (any_function *)default_allocator,
        [93] = (any_function *)release,
        [94] = (any_function *)release,
        [95] = (any_function *)release,
        [96] = (any_function *)release,
        [98] = (any_function *)release,
        [99] = (any_function *)release,
        [100] = (any_function *)release,
        [130] = (any_function *)set_entry,
    };
    return version == 14 ? table : NULL;
}

static const char *version(void)
{
    return "1.14.0";
}

const void *OrtGetApiBase(void)
{
    static const struct {
        const void *(*get_api)(uint32_t version);
        const char *(*version)(void);
    } base = { get_api, version };
    return &base;
}
