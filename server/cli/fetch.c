/* SPDX-License-Identifier: MIT */
#include "cli/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <framecast/http.h>

#define ADDRESS_SIZE (URL_HOST_SIZE + 256)

/* A transfer and what has come of it. */
struct transfer {
    const struct fetch *ask;
    struct fc_space body;
    bool is_over; /* FETCH_MAX_BYTES */
};

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    const size_t bytes = size * count;
    if (bytes > FETCH_MAX_BYTES - transfer->body.size) {
        transfer->is_over = true;
        return 0; /* ends the transfer */
    }
    memcpy(transfer->body.data + transfer->body.size, data, bytes);
    transfer->body.size += bytes;
    return bytes;
}

static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct transfer *transfer = ctx;
    return transfer->ask->is_cancelled(transfer->ask->ctx);
}

static CURL *curl_make(struct transfer *transfer)
{
    const struct fetch *ask = transfer->ask;
    const struct url *url = ask->url;
    char address[ADDRESS_SIZE];
    CURL *curl = curl_easy_init();
    if (!curl) {
        return NULL;
    }
    snprintf(address, sizeof(address), "%s://%s%s", url->is_secure ? "https" : "http",
             url->authority, ask->path);
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, url->is_unix ? url->socket : NULL);
    curl_easy_setopt(curl, CURLOPT_USERPWD, url->user[0] != '\0' ? url->user : NULL);
    if (ask->trust->ca) { /* and nobody else */
        curl_easy_setopt(curl, CURLOPT_CAINFO, ask->trust->ca);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, ask->trust->is_insecure ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, ask->trust->is_insecure ? 0L : 2L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* the WebSocket takes none either */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FETCH_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    return curl;
}

/* What would be the same next time. */
static bool is_final(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL ||
           code == CURLE_URL_MALFORMAT;
}

/* NULL when the body is what was asked for. */
static const char *judge(const struct transfer *transfer, CURLcode code, long status, int *err)
{
    *err = -EPROTO;
    if (transfer->is_over) {
        return "the answer is over 1 MiB";
    }
    if (code != CURLE_OK) {
        *err = is_final(code) ? -EPROTO : -EAGAIN;
        return curl_easy_strerror(code);
    }
    if (status == 200) {
        return NULL;
    }
    const bool may_pass = status == 408 || status == 425 || status == 429 || status >= 500;
    *err = may_pass ? -EAGAIN : -EPROTO;
    return fc_http_reason((int)status);
}

int fetch_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

int fetch(const struct fetch *ask, struct fc_space *body, char *why, size_t why_size)
{
    struct transfer transfer = { .ask = ask, .body.data = malloc(FETCH_MAX_BYTES) };
    CURL *curl = transfer.body.data ? curl_make(&transfer) : NULL;
    const char *reason = "out of memory";
    int err = -EAGAIN;
    if (curl) {
        long status = 0;
        const CURLcode code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        reason = judge(&transfer, code, status, &err);
    }
    if (reason) {
        snprintf(why, why_size, "GET %.100s from %.200s: %s; is it framecast's address?", ask->path,
                 ask->url->authority, reason);
        free(transfer.body.data);
    } else {
        *body = transfer.body;
        err = 0;
    }
    curl_easy_cleanup(curl);
    return err;
}
