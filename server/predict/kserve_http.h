/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_KSERVE_HTTP_H
#define PREDICT_KSERVE_HTTP_H

#include <stddef.h>

#include <framecast/attr.h>

#include "predict/kserve_wire.h"

/*
 * A connection to an inference server, which it keeps: one request after the other, each with a
 * limit in time and in size, and a sentence for everything that goes wrong.
 */

#define KSERVE_ANSWER_MAX ((size_t)64 * 1024 * 1024)

struct kserve_http; /* Threads: one at a time. */

/** Borrowed for the call. */
struct kserve_http_options {
    const char *place; /* HOST:PORT */
    const char *model; /* its name, as it stands in addresses */
    long timeout_ms;   /* for an answer, from its beginning to its end */
    int stop_fd;       /* once readable, a request ends within a second; -1: none */
};

/** Connects to nothing yet. Errors: -ENOMEM. */
FC_NODISCARD int kserve_http_new(struct kserve_http **out,
                                 const struct kserve_http_options *options);

/** Ignores NULL. */
void kserve_http_free(struct kserve_http **http);

/**
 * Ask for the model's metadata.
 *
 * Errors:    -EPIPE: the server does not know the model, or refuses the request; -EPROTO: the
 * answer is over KSERVE_ANSWER_MAX, or not HTTP; -ECONNREFUSED; -ETIMEDOUT; -ECANCELED by stop_fd;
 *            -ENOMEM; -EIO for any other. With a sentence in why.
 * Ownership: lends answer->body until the next request.
 */
FC_NODISCARD int kserve_http_get(struct kserve_http *http, struct kserve_answer *answer, char *why,
                                 size_t why_size);

/**
 * Set what is posted from now on: body, of which json_size bytes are JSON. No more get after this.
 *
 * Errors:    -ENOMEM.
 * Ownership: borrows body until the connection is freed; it may change between requests.
 */
FC_NODISCARD int kserve_http_set_request(struct kserve_http *http, const void *body, size_t size,
                                         size_t json_size);

/** Post that. Errors and ownership: as kserve_http_get(). */
FC_NODISCARD int kserve_http_post(struct kserve_http *http, struct kserve_answer *answer, char *why,
                                  size_t why_size);

#endif
