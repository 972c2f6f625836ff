/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_KSERVE_WIRE_H
#define PREDICT_KSERVE_WIRE_H

#include <stddef.h>

#include <framecast/attr.h>

#include "predict/tensor.h"

/*
 * What is said to an inference server and what it answers, by the KServe v2 protocol with its
 * extension for binary tensors; no I/O.
 *
 *     request   JSON, then the numbers of the input
 *     answer    JSON, then the numbers of each output, in the order that the JSON lists them
 *
 * How long the JSON is stands in a header, Inference-Header-Content-Length.
 */

#define KSERVE_ALIGNMENT 64
#define KSERVE_JSON_MAX ((size_t)1024 * 1024) /* that is read */

/**
 * Read a model's metadata (GET /v2/models/NAME).
 *
 * Errors:    -EPROTO with a sentence in why.
 */
FC_NODISCARD int kserve_metadata_read(const char *json, size_t size, struct tensor_ports *ports,
                                      char *why, size_t why_size);

/**
 * The JSON of a request for all outputs, filled up with blanks to a multiple of KSERVE_ALIGNMENT,
 * so that the numbers which follow are aligned.
 *
 * Errors:    NULL without memory.
 * Ownership: gives *size bytes, to be released with free().
 */
FC_NODISCARD char *kserve_request_new(const struct tensor_ports *ports, size_t *size);

/** The memory of the outputs, kept from answer to answer. */
struct kserve_outputs {
    struct tensor tensors[TENSOR_PORTS_MAX]; /* in the order of the ports */
    void *data[TENSOR_PORTS_MAX];
    size_t capacity[TENSOR_PORTS_MAX];
};

void kserve_outputs_fini(struct kserve_outputs *outputs);

/** An answer's body, and how many of its bytes are JSON. */
struct kserve_answer {
    const char *body;
    size_t size, json_size;
};

/**
 * Read an answer into outputs.
 *
 * An output of a type that is not used here has no numbers in outputs, whatever came.
 *
 * Errors:    -EPROTO for anything but all outputs of the ports as binary tensors of their types,
 *            whose sizes agree with their shapes; -ENOMEM. With a sentence in why.
 */
FC_NODISCARD int kserve_answer_read(const struct kserve_answer *answer,
                                    const struct tensor_ports *ports,
                                    struct kserve_outputs *outputs, char *why, size_t why_size);

/** The sentence of an answer that is an error ({"error": …}), or what it begins with. */
void kserve_error_read(const char *body, size_t size, char *text, size_t text_size);

#endif
