/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_WORKER_SLOTS_H
#define PREDICT_WORKER_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

#include "picture/picture.h"

#define WORKER_SLOTS 8 /* pictures that a worker may have at once */
#define WORKER_SLOT_SIZE ((size_t)3 * PICTURE_PIXELS_MAX)

/*
 * The memory that a worker reads pictures from: one memfd of slots of equal size, so large that the
 * largest picture fits. It has holes: only what pictures reach takes memory.
 *
 * Our mapping is made first, then the seals: from then on the size stays, so that no reader can
 * fault, and nobody can map it for writing or write to the descriptor, whoever inherits it.
 * Threads: one at a time.
 */
struct worker_slots {
    int fd; /* close-on-exec; -1: none */
    uint8_t *data;
};

/** Errors: -errno. */
FC_NODISCARD int worker_slots_open(struct worker_slots *slots);

/** Ignores what is closed already. */
void worker_slots_close(struct worker_slots *slots);

/** WORKER_SLOT_SIZE bytes to write a picture to. */
uint8_t *worker_slot(const struct worker_slots *slots, unsigned slot);

#endif
