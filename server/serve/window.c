/* SPDX-License-Identifier: MIT */
#include "serve/window.h"

void window_reset(struct window *window)
{
    window->first = window->count = 0;
}

void window_resize(struct window *window, uint32_t size)
{
    if (window->size == 0) {
        window_reset(window); /* nobody was asked to acknowledge what went before */
    }
    window->size = size < WINDOW_MAX ? size : WINDOW_MAX;
}

void window_sent(struct window *window, uint64_t seq)
{
    if (window->count == WINDOW_MAX) { /* only without a window: nobody acknowledges */
        window->first = (window->first + 1) % WINDOW_MAX;
        window->count--;
    }
    window->sent[(window->first + window->count) % WINDOW_MAX] = seq;
    window->count++;
}

void window_acknowledged(struct window *window, uint64_t seq)
{
    while (window->count > 0 && window->sent[window->first] <= seq) {
        window->first = (window->first + 1) % WINDOW_MAX;
        window->count--;
    }
}

bool window_is_full(const struct window *window)
{
    return window->size > 0 && window->count >= window->size;
}
