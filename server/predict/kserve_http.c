/* SPDX-License-Identifier: MIT */
#include "predict/kserve_http.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

/* The place and the model's name have at most 1024 each. */
#define URL_SIZE 2304

struct kserve_http {
    CURL *curl;
    struct curl_slist *headers;
    char place[1024], model[1024];
    char url[URL_SIZE];
    long timeout_ms;
    int stop_fd;

    /* the answer that came last */
    char *body;
    size_t size, capacity;
    size_t json_size; /* from the header; 0: there was none */
    bool is_over;     /* KSERVE_ANSWER_MAX */
};

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct kserve_http *http = ctx;
    const size_t bytes = size * count;
    if (bytes > KSERVE_ANSWER_MAX - http->size) {
        http->is_over = true;
        return 0; /* ends the transfer */
    }
    if (http->size + bytes > http->capacity) {
        const size_t twice = (http->size + bytes) * 2;
        const size_t wanted = twice < KSERVE_ANSWER_MAX ? twice : KSERVE_ANSWER_MAX;
        char *grown = realloc(http->body, wanted);
        if (!grown) {
            return 0;
        }
        http->body = grown;
        http->capacity = wanted;
    }
    memcpy(http->body + http->size, data, bytes);
    http->size += bytes;
    return bytes;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    static const char name[] = "inference-header-content-length:";
    struct kserve_http *http = ctx;
    const size_t bytes = size * count;
    char digits[24] = "";
    if (bytes > strlen(name) && strncasecmp(data, name, strlen(name)) == 0) {
        const size_t room = bytes - strlen(name);
        memcpy(digits, data + strlen(name), room < sizeof(digits) ? room : sizeof(digits) - 1);
        http->json_size = strtoul(digits, NULL, 10);
    }
    return bytes;
}

/* Called at least once a second. */
static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct kserve_http *http = ctx;
    struct pollfd stop = { .fd = http->stop_fd, .events = POLLIN };
    return poll(&stop, 1, 0) > 0; /* ends the transfer */
}

static void curl_start(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int connection_set(struct kserve_http *http)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_start);
    http->curl = curl_easy_init();
    if (!http->curl) {
        return -ENOMEM;
    }
    curl_easy_setopt(http->curl, CURLOPT_URL, http->url);
    curl_easy_setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(http->curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(http->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, http->timeout_ms);
    curl_easy_setopt(http->curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)KSERVE_ANSWER_MAX);
    curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(http->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(http->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(http->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(http->curl, CURLOPT_XFERINFODATA, http);
    return 0;
}

int kserve_http_new(struct kserve_http **out, const struct kserve_http_options *options)
{
    assert(strlen(options->place) + strlen(options->model) <
           sizeof(((struct kserve_http *)0)->place));
    struct kserve_http *http = calloc(1, sizeof(*http));
    if (!http) {
        return -ENOMEM;
    }
    http->timeout_ms = options->timeout_ms;
    http->stop_fd = options->stop_fd;
    snprintf(http->place, sizeof(http->place), "%s", options->place);
    snprintf(http->model, sizeof(http->model), "%s", options->model);
    snprintf(http->url, sizeof(http->url), "http://%s/v2/models/%s", http->place, http->model);
    if (connection_set(http)) {
        kserve_http_free(&http);
        return -ENOMEM;
    }
    *out = http;
    return 0;
}

void kserve_http_free(struct kserve_http **http)
{
    struct kserve_http *h = *http;
    *http = NULL;
    if (h) {
        curl_easy_cleanup(h->curl);
        curl_slist_free_all(h->headers);
        free(h->body);
        free(h);
    }
}

static int say_over(const struct kserve_http *http, char *why, size_t why_size)
{
    snprintf(why, why_size,
             "the inference server at %.100s: its answer is over the limit of %zu MiB", http->place,
             KSERVE_ANSWER_MAX >> 20);
    return -EPROTO;
}

/* No answer, or only a part of one. */
static int say_transfer(const struct kserve_http *http, CURLcode code, char *why, size_t why_size)
{
    const char *place = http->place;
    switch ((int)code) {
    case CURLE_ABORTED_BY_CALLBACK:
        snprintf(why, why_size, "the inference server at %.100s is no longer waited for", place);
        return -ECANCELED;
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(
            why, why_size,
            "the inference server at %.100s gave no answer within %ld ms; timeout= changes that",
            place, http->timeout_ms);
        return -ETIMEDOUT;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        snprintf(why, why_size,
                 "the inference server at %.100s cannot be reached: %s; start it, or name the port "
                 "where it speaks HTTP",
                 place, curl_easy_strerror(code));
        return -ECONNREFUSED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        snprintf(why, why_size,
                 "what listens at %.100s does not answer in HTTP; is that the port for gRPC?",
                 place);
        return -EPROTO;
    case CURLE_FILESIZE_EXCEEDED:
        return say_over(http, why, why_size);
    case CURLE_WRITE_ERROR:
        if (http->is_over) {
            return say_over(http, why, why_size);
        }
        snprintf(why, why_size, "there is no memory for the inference server's answer");
        return -ENOMEM;
    default:
        snprintf(why, why_size, "the inference server at %.100s: %s", place,
                 curl_easy_strerror(code));
        return -EIO;
    }
}

/* An answer that is none. */
static int say_status(const struct kserve_http *http, long status, char *why, size_t why_size)
{
    char text[128];
    kserve_error_read(http->body, http->size, text, sizeof(text));
    if (status == 404) {
        snprintf(why, why_size,
                 "the inference server at %.50s does not know the model '%.50s' (404: %.50s): load "
                 "it there, or name another",
                 http->place, http->model, text);
        return -EPIPE;
    }
    snprintf(why, why_size, "the inference server at %.64s says %ld: %.120s", http->place, status,
             text);
    const bool is_refused = status >= 400 && status < 500 && status != 408 && status != 429;
    return is_refused ? -EPIPE : -EIO; /* the same request would be refused again */
}

/* One request to its end. */
static int exchange(struct kserve_http *http, struct kserve_answer *answer, char *why,
                    size_t why_size)
{
    http->size = 0;
    http->json_size = 0;
    http->is_over = false;
    const CURLcode code = curl_easy_perform(http->curl);
    if (code != CURLE_OK) {
        return say_transfer(http, code, why, why_size);
    }
    long status = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        return say_status(http, status, why, why_size);
    }
    *answer = (struct kserve_answer){
        .body = http->body,
        .size = http->size,
        .json_size = http->json_size > 0 ? http->json_size : http->size,
    };
    return 0;
}

int kserve_http_get(struct kserve_http *http, struct kserve_answer *answer, char *why,
                    size_t why_size)
{
    assert(!http->headers);
    return exchange(http, answer, why, why_size);
}

int kserve_http_set_request(struct kserve_http *http, const void *body, size_t size,
                            size_t json_size)
{
    assert(!http->headers);
    char length[64];
    snprintf(length, sizeof(length), "Inference-Header-Content-Length: %zu", json_size);
    const char *const lines[] = { length, "Content-Type: application/octet-stream", "Expect:" };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct curl_slist *longer = curl_slist_append(http->headers, lines[i]);
        if (!longer) {
            return -ENOMEM;
        }
        http->headers = longer;
    }
    const size_t used = strlen(http->url);
    snprintf(http->url + used, sizeof(http->url) - used, "/infer");
    curl_easy_setopt(http->curl, CURLOPT_URL, http->url);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->headers);
    curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    return 0;
}

int kserve_http_post(struct kserve_http *http, struct kserve_answer *answer, char *why,
                     size_t why_size)
{
    assert(http->headers);
    return exchange(http, answer, why, why_size);
}
