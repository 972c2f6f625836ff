/* SPDX-License-Identifier: MIT */
/*
 * A source without a thread: whoever has entered calls the sink. `publishing` hands that right from
 * one publisher to the next:
 *
 *     CLOSED ──start──▶ FREE ──enter──▶ TAKEN ──leave──▶ FREE …        stop: CLOSED
 *
 * Release in leave and start pairs with acquire in enter, so that a publisher sees what the one
 * before it left.
 */
#include <assert.h>
#include <string.h>

#include "picture/jpeg_check.h"
#include "source/source_core.h"

static bool published_matches(const char *spec)
{
    return strcmp(spec, "published") == 0;
}

const struct source_kind published_kind = { .name = "published", .matches = published_matches };

bool source_publisher_enter(struct source *source)
{
    int expected = PUBLISHING_FREE;
    if (!atomic_compare_exchange_strong_explicit(&source->publishing, &expected, PUBLISHING_TAKEN,
                                                 memory_order_acquire, memory_order_relaxed)) {
        return false;
    }
    source->is_reopened = true;
    return true;
}

void source_publisher_leave(struct source *source)
{
    /* After source_stop() nothing is given out; the state is free again with the next start. */
    if (atomic_load_explicit(&source->publishing, memory_order_acquire) != PUBLISHING_TAKEN) {
        return;
    }
    source_report(source, SOURCE_DOWN, "waiting for a publisher");
    source_give_notice(source);
    int expected = PUBLISHING_TAKEN;
    atomic_compare_exchange_strong_explicit(&source->publishing, &expected, PUBLISHING_FREE,
                                            memory_order_release, memory_order_relaxed);
}

const char *source_publish(struct source *source, struct fc_bytes jpeg)
{
    if (atomic_load_explicit(&source->publishing, memory_order_acquire) != PUBLISHING_TAKEN) {
        return "the stream has stopped";
    }
    uint32_t width, height;
    size_t size;
    const char *error = jpeg_check(jpeg, &width, &height, &size);
    if (error) {
        atomic_fetch_add_explicit(&source->stats.corrupt, 1, memory_order_relaxed);
        return error;
    }
    struct picture *picture = picture_new_jpeg(jpeg.data, size, width, height);
    if (!picture) {
        return "there is no memory for the picture";
    }
    source_give(source, picture);
    return NULL;
}
