/* SPDX-License-Identifier: MIT */
#ifndef SERVE_WINDOW_H
#define SERVE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Flow control by the viewer: at most `size` pictures that it has not acknowledged. An
 * acknowledgement covers that sequence number and all before it. Zero is no window: never full.
 */

#define WINDOW_MAX 64

struct window {
    uint32_t size;         /* 0: none */
    uint32_t first, count; /* of sent, a ring */
    uint64_t sent[WINDOW_MAX];
};

/** Change the size. What is in flight stays so, but without a window before nothing was. */
void window_resize(struct window *window, uint32_t size);

void window_sent(struct window *window, uint64_t seq);
void window_acknowledged(struct window *window, uint64_t seq);
bool window_is_full(const struct window *window);

/** Forget what is in flight: the viewer paused, and what it got meanwhile it may have dropped. */
void window_reset(struct window *window);

#endif
