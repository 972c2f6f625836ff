/* SPDX-License-Identifier: MIT */
#ifndef MOTION_BACKGROUND_H
#define MOTION_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a still camera sees when nobody is there, learnt pixel by pixel. motion.h names the papers.
 */

enum background_mark { BACKGROUND_QUIET = 0, BACKGROUND_WEAK = 1, BACKGROUND_STRONG = 2 };

struct background;

struct background_options {
    size_t pixel_max;   /* largest picture there will be */
    float contrast_min; /* smallest difference that counts, of 255 */
    float warm_up_s;    /* nothing is marked before the model is so old */
    float absorb_s;     /* what has been seen for so long is background */
};

/**
 * Make a model with all the memory it will need; it begins on the first picture.
 *
 * Errors:    NULL when there is no memory.
 * Ownership: gives the model; background_free() it.
 * Threads:   one at a time.
 */
struct background *background_new(const struct background_options *options);

/** Forget everything; the next picture has pixel_count pixels. Threads: one at a time. */
void background_restart(struct background *bg, size_t pixel_count);

/**
 * Mark what differs from the background, then learn from the picture.
 *
 * @param elapsed_s  since the picture before, over 0; not used for the first
 * @param marks      one enum background_mark per pixel
 *
 * Returns:   whether the model can be trusted: false during warm-up and when the whole picture
 *            changed at once, with nothing marked.
 * Ownership: borrows luma and marks for the call.
 * Threads:   one at a time.
 */
bool background_look(struct background *bg, const uint8_t *luma, float elapsed_s, uint8_t *marks);

/** Release the model and set *pbg to NULL. Threads: one at a time. */
void background_free(struct background **pbg);

#endif
