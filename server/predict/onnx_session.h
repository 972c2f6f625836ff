/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_ONNX_SESSION_H
#define PREDICT_ONNX_SESSION_H

#include <stdbool.h>

#include <framecast/attr.h>

#include "predict/tensor.h"

/*
 * One model in ONNX Runtime, on one thread: open, bind the input, then run as often as wanted.
 *
 * A session of its own for each thread, one thread in each and no spinning: that makes more
 * inferences a second than sharing one, and leaves the processors to others in between.
 */

struct onnx_session; /* Threads: one at a time. */

struct onnx_model {
    const char *path;
    const char *library; /* of the runtime; "" for onnx_runtime_get() to look */
    bool is_trial;       /* it will run once or twice: spare the time that optimising takes */
};

/**
 * Read a model.
 *
 * Errors:    -errno with a sentence in why.
 */
FC_NODISCARD int onnx_session_open(struct onnx_session **out, const struct onnx_model *model,
                                   char *why, size_t why_size);

/** Ignores NULL. */
void onnx_session_close(struct onnx_session **session);

/** What it takes and gives, as declared; borrowed. */
const struct tensor_ports *onnx_session_ports(const struct onnx_session *session);

/**
 * Make the memory of the one input, all zero.
 *
 * Errors:    -EINVAL, -ENOMEM, with a sentence in why.
 */
FC_NODISCARD int onnx_session_bind(struct onnx_session *session, const struct tensor_shape *shape,
                                   char *why, size_t why_size);

/** Where the input is written; of the bound shape. */
void *onnx_session_input(struct onnx_session *session);

/**
 * Run the model on what is in the input.
 *
 * @param outputs  gets the outputs in the order of the ports, borrowed until the next call
 *
 * Errors:    -EINVAL with the runtime's words in why; -ENOTSUP for an output that is no tensor.
 */
FC_NODISCARD int onnx_session_run(struct onnx_session *session, const struct tensor **outputs,
                                  char *why, size_t why_size);

#endif
