/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_LABELS_H
#define PREDICT_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

#include "predict/prediction.h"

/* The names of a model's classes: a text file, one a line, the first of class 0. */

#define LABELS_MAX 65536

struct labels {
    size_t count;
    char (*names)[PREDICTION_LABEL_SIZE];
};

/**
 * Read a file in UTF-8, its lines ended as here or as on Windows. Longer lines are cut between
 * characters, an empty one is a class without a name.
 *
 * Errors:    -E2BIG over LABELS_MAX lines, -ENODATA for an empty file, another -errno; with a
 *            sentence in why.
 * Ownership: labels_free() releases it.
 */
FC_NODISCARD int labels_read(struct labels *labels, const char *path, char *why, size_t why_size);

void labels_free(struct labels *labels);

/** Write the name of a class, or "class 17" where there is none; PREDICTION_LABEL_SIZE bytes. */
void labels_name(const struct labels *labels, uint32_t label, char *name);

#endif
