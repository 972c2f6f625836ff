/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_SHAPE_H
#define PREDICT_WORKER_SHAPE_H

#include <framecast/attr.h>

#include "predict/worker_protocol.h"
#include "predict/worker_slots.h"

/*
 * Puts pictures into slots as a worker wants them. Threads: one at a time. Keeps its tables from
 * picture to picture.
 */
struct worker_shaper;

/** Errors: NULL without memory. */
FC_NODISCARD struct worker_shaper *worker_shaper_new(void);
void worker_shaper_free(struct worker_shaper **shaper);

/** The size that a picture of that size gets. */
void worker_shape_size(const struct worker_wish *wish, const struct picture *picture,
                       uint32_t *width, uint32_t *height);

/**
 * Put a picture into the slot that item names, and say in item what is there.
 *
 * Errors:    -EINVAL for a picture that cannot be decoded, or has no such size; -ENOMEM.
 * Ownership: item borrows picture.
 */
FC_NODISCARD int worker_shape(struct worker_shaper *shaper, const struct worker_wish *wish,
                              const struct worker_slots *slots, struct picture *picture,
                              struct worker_item *item);

#endif
