/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "predict/kserve_wire.h"
#include "predict/model.h"

/*
 * `kserve://HOST:PORT/MODEL?decoder=…`: a model on an inference server, over HTTP.
 *
 * Each instance has a connection of its own and keeps it. Opening asks for the model's shapes; each
 * picture is one request. A request that fails or takes too long costs that picture and nothing
 * else: the next one is tried at once. Only when the server no longer knows the model, or it has
 * other outputs than before, is the instance opened again.
 */

#define SCHEME "kserve://"
#define TARGET_SIZE 1024
#define URL_SIZE 2048
#define TEXT_SIZE 512
#define ANSWER_MAX ((size_t)64 * 1024 * 1024)
#define CHECK_TIMEOUT_MS 2000
#define PARALLEL_MAX 8

struct kserve_instance {
    CURL *curl;
    struct curl_slist *headers;
    struct model_options options;
    struct tensor_ports ports;
    struct model *model;
    char place[TARGET_SIZE]; /* HOST:PORT, for sentences */
    char model_url[URL_SIZE], infer_url[URL_SIZE];

    char *request; /* JSON, then the input */
    size_t json_size, request_size;

    char *answer; /* what came, answer_size bytes */
    size_t answer_size, answer_capacity;
    size_t answer_json_size; /* from the header; 0: there was none */
    struct kserve_outputs outputs;
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
        curl_easy_cleanup(k->curl);
        curl_slist_free_all(k->headers);
        free(k->request);
        free(k->answer);
        free(k);
    }
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct kserve_instance *k = ctx;
    const size_t bytes = size * count;
    if (bytes > ANSWER_MAX - k->answer_size) {
        return 0; /* ends the transfer */
    }
    if (k->answer_size + bytes > k->answer_capacity) {
        const size_t wanted = (k->answer_size + bytes) * 2;
        char *grown = realloc(k->answer, wanted);
        if (!grown) {
            return 0;
        }
        k->answer = grown;
        k->answer_capacity = wanted;
    }
    memcpy(k->answer + k->answer_size, data, bytes);
    k->answer_size += bytes;
    return bytes;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    static const char name[] = "inference-header-content-length:";
    struct kserve_instance *k = ctx;
    const size_t bytes = size * count;
    char digits[24] = "";
    if (bytes > strlen(name) && strncasecmp(data, name, strlen(name)) == 0) {
        const size_t room = bytes - strlen(name);
        memcpy(digits, data + strlen(name), room < sizeof(digits) ? room : sizeof(digits) - 1);
        k->answer_json_size = strtoul(digits, NULL, 10);
    }
    return bytes;
}

static void curl_start(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int connection_set(struct kserve_instance *k)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_start);
    k->curl = curl_easy_init();
    if (!k->curl) {
        return -ENOMEM;
    }
    curl_easy_setopt(k->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(k->curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(k->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(k->curl, CURLOPT_TIMEOUT_MS, k->options.timeout_ms);
    curl_easy_setopt(k->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(k->curl, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(k->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(k->curl, CURLOPT_HEADERDATA, k);
    return 0;
}

static int errno_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        return -ECONNREFUSED;
    default:
        return -EIO;
    }
}

/* One request to its end; the answer is in k. -EPIPE: the server does not know the model. */
static int exchange(struct kserve_instance *k, char *why, size_t why_size)
{
    k->answer_size = 0;
    k->answer_json_size = 0;
    const CURLcode code = curl_easy_perform(k->curl);
    if (code != CURLE_OK) {
        snprintf(why, why_size, "the inference server at %.100s: %s", k->place,
                 curl_easy_strerror(code));
        return errno_of(code);
    }
    long status = 0;
    curl_easy_getinfo(k->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        char text[128];
        kserve_error_read(k->answer, k->answer_size, text, sizeof(text));
        snprintf(why, why_size, "the inference server at %.64s says %ld: %.120s", k->place, status,
                 text);
        return status == 404 ? -EPIPE : -EIO;
    }
    return 0;
}

static int metadata_get(struct kserve_instance *k, char *why, size_t why_size)
{
    curl_easy_setopt(k->curl, CURLOPT_URL, k->model_url);
    curl_easy_setopt(k->curl, CURLOPT_HTTPGET, 1L);
    const int err = exchange(k, why, why_size);
    return err ? err : kserve_metadata_read(k->answer, k->answer_size, &k->ports, why, why_size);
}

static int request_prepare(struct kserve_instance *k)
{
    const struct tensor_shape *shape = &k->ports.inputs[0].shape;
    const size_t bytes = tensor_count(shape) * tensor_type_bytes(shape->type);
    char *json = kserve_request_new(&k->ports, &k->json_size);
    if (!json) {
        return -ENOMEM;
    }
    k->request_size = k->json_size + bytes;
    const size_t rounded =
        (k->request_size + KSERVE_ALIGNMENT - 1) & ~(size_t)(KSERVE_ALIGNMENT - 1);
    k->request = aligned_alloc(KSERVE_ALIGNMENT, rounded);
    if (k->request) {
        memcpy(k->request, json, k->json_size);
    }
    free(json);

    char length[64];
    snprintf(length, sizeof(length), "Inference-Header-Content-Length: %zu", k->json_size);
    const char *const lines[] = { length, "Content-Type: application/octet-stream", "Expect:" };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct curl_slist *longer = curl_slist_append(k->headers, lines[i]);
        if (!longer) {
            return -ENOMEM;
        }
        k->headers = longer;
    }
    if (!k->request) {
        return -ENOMEM;
    }
    curl_easy_setopt(k->curl, CURLOPT_URL, k->infer_url);
    curl_easy_setopt(k->curl, CURLOPT_HTTPHEADER, k->headers);
    curl_easy_setopt(k->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(k->curl, CURLOPT_POSTFIELDS, k->request);
    curl_easy_setopt(k->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)k->request_size);
    return 0;
}

/* HOST:PORT/MODEL into addresses. */
static bool target_split(struct kserve_instance *k, const char *spec, char *why, size_t why_size)
{
    char target[TARGET_SIZE];
    const char *model = NULL;
    if (spec_target(spec + strlen(SCHEME), target, sizeof(target))) {
        model = strchr(target, '/');
    }
    if (!model || model == target || model[1] == '\0' || strpbrk(target, " @#\\\"") ||
        strchr(model + 1, '/')) {
        snprintf(why, why_size,
                 "'%.100s' is no inference server: it takes kserve://HOST:PORT/MODEL", spec);
        return false;
    }
    snprintf(k->place, sizeof(k->place), "%.*s", (int)(model - target), target);
    snprintf(k->model_url, sizeof(k->model_url), "http://%s/v2/models%s", k->place, model);
    snprintf(k->infer_url, sizeof(k->infer_url), "http://%s/v2/models%s/infer", k->place, model);
    return true;
}

static int instance_new(struct kserve_instance **out, const char *spec, char *why, size_t why_size)
{
    struct kserve_instance *k = calloc(1, sizeof(*k));
    if (!k) {
        snprintf(why, why_size, "there is no memory for it");
        return -ENOMEM;
    }
    k->options = model_options_unsaid();
    int err = 0;
    if (!target_split(k, spec, why, why_size) ||
        !spec_options_read(spec, model_options_kserve, &k->options, why, why_size)) {
        err = -EINVAL;
    } else if (connection_set(k)) {
        snprintf(why, why_size, "there is no memory for it");
        err = -ENOMEM;
    }
    if (err) {
        void *half = k;
        kserve_close(&half);
        return err;
    }
    *out = k;
    return 0;
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

/* A server that cannot be reached may come later; a model that does not fit never will. */
static bool kserve_check(const char *spec, char *why, size_t why_size)
{
    struct kserve_instance *k = NULL;
    if (instance_new(&k, spec, why, why_size)) {
        return false;
    }
    curl_easy_setopt(k->curl, CURLOPT_TIMEOUT_MS, (long)CHECK_TIMEOUT_MS);
    const bool fits = metadata_get(k, why, why_size) || !model_settle(k, why, why_size);
    void *instance = k;
    kserve_close(&instance);
    return fits;
}

static int kserve_open(void **instance, const char *spec, const struct predictor_place *place,
                       char *why, size_t why_size)
{
    struct kserve_instance *k = NULL;
    int err = instance_new(&k, spec, why, why_size);
    if (err) {
        return err;
    }
    err = metadata_get(k, why, why_size);
    if (!err) {
        err = model_settle(k, why, why_size);
    }
    if (!err) {
        err = request_prepare(k);
    }
    if (err) {
        void *half = k;
        kserve_close(&half);
        return err;
    }
    char text[TEXT_SIZE];
    model_describe(k->model, text, sizeof(text));
    predictor_says(place, "kserve", "model is known stream=%s url=\"%s\" %s", place->stream,
                   k->model_url, text);
    *instance = k;
    return 0;
}

static int kserve_look(void *instance, struct picture *picture, struct prediction *out)
{
    struct kserve_instance *k = instance;
    int err = model_write(k->model, picture, k->request + k->json_size, out);
    if (!err) {
        err = exchange(k, out->why, sizeof(out->why));
    }
    if (err) {
        return err;
    }
    const struct kserve_answer answer = {
        .body = k->answer,
        .size = k->answer_size,
        .json_size = k->answer_json_size > 0 ? k->answer_json_size : k->answer_size,
    };
    err = kserve_answer_read(&answer, &k->ports, &k->outputs, out->why, sizeof(out->why));
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
