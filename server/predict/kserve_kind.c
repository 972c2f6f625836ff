/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/kserve_http.h"
#include "predict/model.h"

/*
 * `kserve://HOST:PORT/MODEL?decoder=…`: a model on an inference server, over HTTP.
 *
 * Each instance has a connection of its own and keeps it. Opening asks for the model's shapes; each
 * picture is one request. A request that fails or takes too long costs that picture and nothing
 * else: the next one is tried at once. Only when the server no longer knows the model, or it takes
 * or gives something else than before, is the instance opened again.
 */

#define SCHEME "kserve://"
#define TARGET_SIZE 1024
#define TEXT_SIZE 512
#define CHECK_TIMEOUT_MS 2000
#define PARALLEL_MAX 8

struct kserve_instance {
    struct kserve_http *http;
    struct model_options options;
    struct tensor_ports ports;
    struct model *model;
    char *request; /* JSON, then the input */
    size_t json_size;
    struct kserve_outputs outputs;
};

/* HOST:PORT/MODEL, taken apart. */
struct target {
    char place[TARGET_SIZE];
    char *model; /* in place, behind its end */
};

static bool kserve_matches(const char *spec)
{
    return strncmp(spec, SCHEME, strlen(SCHEME)) == 0;
}

static void kserve_close(void **instance)
{
    struct kserve_instance *k = *instance;
    *instance = NULL;
    if (k) {
        model_free(&k->model);
        kserve_outputs_fini(&k->outputs);
        kserve_http_free(&k->http);
        free(k->request);
        free(k);
    }
}

static bool target_split(struct target *target, const char *spec, char *why, size_t why_size)
{
    char *place = target->place;
    char *slash = NULL;
    if (spec_target(spec + strlen(SCHEME), place, sizeof(target->place))) {
        slash = strchr(place, '/');
    }
    if (!slash || slash == place || slash[1] == '\0' || strpbrk(place, " @#\\\"") ||
        strchr(slash + 1, '/')) {
        snprintf(why, why_size,
                 "'%.100s' is no inference server: it takes kserve://HOST:PORT/MODEL", spec);
        return false;
    }
    *slash = '\0';
    target->model = slash + 1;
    return true;
}

/* Everything but what the server has to be asked for. place NULL: only to see whether it fits. */
static int instance_new(struct kserve_instance **out, const char *spec,
                        const struct predictor_place *place, char *why, size_t why_size)
{
    struct target target = { .model = NULL };
    struct model_options options = model_options_unsaid();
    if (!target_split(&target, spec, why, why_size) ||
        !spec_options_read(spec, model_options_kserve, &options, why, why_size)) {
        return -EINVAL;
    }
    struct kserve_instance *k = calloc(1, sizeof(*k));
    const struct kserve_http_options http = {
        .place = target.place,
        .model = target.model,
        .timeout_ms = place ? options.timeout_ms : CHECK_TIMEOUT_MS,
        .stop_fd = place ? place->stop_fd : -1,
    };
    if (!k || kserve_http_new(&k->http, &http)) {
        free(k);
        snprintf(why, why_size, "there is no memory for it");
        return -ENOMEM;
    }
    k->options = options;
    *out = k;
    return 0;
}

static int metadata_get(struct kserve_instance *k, char *why, size_t why_size)
{
    struct kserve_answer answer;
    const int err = kserve_http_get(k->http, &answer, why, why_size);
    return err ? err : kserve_metadata_read(answer.body, answer.size, &k->ports, why, why_size);
}

static int model_settle(struct kserve_instance *k, char *why, size_t why_size)
{
    struct tensor_shape shape;
    if (!model_input_shape(&k->options, &k->ports, &shape, why, why_size)) {
        return -EINVAL;
    }
    k->ports.inputs[0].shape = shape;
    return model_new(&k->model, &k->options, &k->ports, why, why_size);
}

static int request_make(struct kserve_instance *k, char *why, size_t why_size)
{
    const struct tensor_shape *shape = &k->ports.inputs[0].shape;
    const size_t bytes = tensor_count(shape) * tensor_type_bytes(shape->type);
    char *json = kserve_request_new(&k->ports, &k->json_size);
    const size_t size = k->json_size + bytes;
    const size_t rounded = (size + KSERVE_ALIGNMENT - 1) & ~(size_t)(KSERVE_ALIGNMENT - 1);
    k->request = json ? aligned_alloc(KSERVE_ALIGNMENT, rounded) : NULL;
    if (k->request) {
        memcpy(k->request, json, k->json_size);
    }
    free(json);
    if (!k->request || kserve_http_set_request(k->http, k->request, size, k->json_size)) {
        snprintf(why, why_size, "there is no memory for its request");
        return -ENOMEM;
    }
    return 0;
}

/* A server that cannot be reached may come later; a model that does not fit never will. */
static bool kserve_check(const char *spec, char *why, size_t why_size)
{
    struct kserve_instance *k = NULL;
    if (instance_new(&k, spec, NULL, why, why_size)) {
        return false;
    }
    const bool fits = metadata_get(k, why, why_size) || !model_settle(k, why, why_size);
    void *instance = k;
    kserve_close(&instance);
    return fits;
}

static void say_what_was_settled(const struct kserve_instance *k, const char *spec,
                                 const struct predictor_place *place)
{
    char text[TEXT_SIZE];
    model_describe(k->model, text, sizeof(text));
    predictor_says(place, "kserve", "model is known stream=%s model=\"%.*s\" %s", place->stream,
                   (int)strcspn(spec, "?"), spec, text);
}

static int kserve_open(void **instance, const char *spec, const struct predictor_place *place,
                       char *why, size_t why_size)
{
    struct kserve_instance *k = NULL;
    int err = instance_new(&k, spec, place, why, why_size);
    if (err) {
        return err;
    }
    err = metadata_get(k, why, why_size);
    if (!err) {
        err = model_settle(k, why, why_size);
    }
    if (!err) {
        err = request_make(k, why, why_size);
    }
    if (err) {
        void *half = k;
        kserve_close(&half);
        return err;
    }
    say_what_was_settled(k, spec, place);
    *instance = k;
    return 0;
}

static int kserve_look(void *instance, struct picture *picture, struct prediction *out)
{
    struct kserve_instance *k = instance;
    int err = model_write(k->model, picture, k->request + k->json_size, out);
    if (err) {
        return err;
    }
    struct kserve_answer answer;
    err = kserve_http_post(k->http, &answer, out->why, sizeof(out->why));
    if (!err) {
        err = kserve_answer_read(&answer, &k->ports, &k->outputs, out->why, sizeof(out->why));
    }
    if (!err) {
        err = model_read(k->model, k->outputs.tensors, out);
    }
    return err == -EPROTO ? -EPIPE : err; /* perhaps it is another model by now */
}

const struct predictor_kind predictor_kind_kserve = {
    .name = "kserve",
    .form = "kserve://HOST:PORT/MODEL",
    .matches = kserve_matches,
    .check = kserve_check,
    .open = kserve_open,
    .look = kserve_look,
    .close = kserve_close,
    .parallel_max = PARALLEL_MAX,
};
