/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_MODEL_H
#define PREDICT_MODEL_H

#include "predict/model_options.h"
#include "predict/prediction.h"
#include "predict/tensor.h"
#include "predict/tensor_image.h"

/*
 * What is the same for every model, wherever it runs: a picture goes into its input, its outputs
 * become a prediction.
 *
 *     picture ──▶ model_write ──▶ (the model runs) ──▶ model_read ──▶ prediction
 */

struct model; /* Threads: one at a time. */

/**
 * The shape of the input with every free side settled, by the options or because it is the batch.
 *
 * Errors:    false with a sentence that holds the model's real shapes: more than one input, no
 *            picture's shape, sides that are free and not said.
 */
bool model_input_shape(const struct model_options *options, const struct tensor_ports *ports,
                       struct tensor_shape *shape, char *why, size_t why_size);

/**
 * Settle how pictures are written and outputs read; what the options leave open is guessed.
 *
 * @param ports  with an input as model_input_shape() gave it; sides of outputs may still be free
 *
 * Errors:    -EINVAL when the outputs do not fit the decoder, or an option the model; -errno of the
 *            labels; -ENOMEM. With a sentence in why.
 * Ownership: copies options and ports.
 */
FC_NODISCARD int model_new(struct model **out, const struct model_options *options,
                           const struct tensor_ports *ports, char *why, size_t why_size);

/** Ignores NULL. */
void model_free(struct model **model);

/** Everything that was settled, as options: "decoder=ultraface layout=nchw …", cut to its room. */
void model_describe(const struct model *model, char *text, size_t size);

/**
 * Write a picture into the input; what it takes is added to prediction->convert_ns.
 *
 * Errors:    -EINVAL, -ENOMEM as tensor_image_write().
 */
FC_NODISCARD int model_write(struct model *model, struct picture *picture, void *input,
                             struct prediction *prediction);

/**
 * Read the outputs, in the order of the ports: boxes as fractions of the picture written last.
 *
 * Errors:    -EPROTO when they have other shapes than at the start, and -EMSGSIZE when they are too
 *            much, with a sentence in prediction->why; -ENOMEM.
 * Ownership: gives prediction->data.
 */
FC_NODISCARD int model_read(struct model *model, const struct tensor *outputs,
                            struct prediction *prediction);

#endif
