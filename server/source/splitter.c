/* SPDX-License-Identifier: MIT */
/*
 * The buffer holds what has come and not gone:
 *
 *     | taken: given out or passed over | a JPEG, walked along so far | room |
 *
 * Outside a JPEG everything is passed over up to FF D8 FF, with which every JPEG begins.
 */
#include "source/splitter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "picture/picture.h"

#define ROOM_MIN (64 * 1024)

static const uint8_t beginning[] = { 0xff, 0xd8, 0xff };

struct fc_space splitter_space(struct splitter *splitter)
{
    if (splitter->taken > 0) {
        splitter->size -= splitter->taken;
        memmove(splitter->buffer, splitter->buffer + splitter->taken, splitter->size);
        splitter->taken = 0;
    }
    if (splitter->capacity - splitter->size < ROOM_MIN) {
        /* Bounded: splitter_next() gives up on a JPEG above PICTURE_JPEG_MAX_BYTES. */
        const size_t capacity = splitter->capacity * 2 + ROOM_MIN;
        uint8_t *grown = realloc(splitter->buffer, capacity);
        if (!grown) {
            return (struct fc_space){ .data = NULL, .size = 0 };
        }
        splitter->buffer = grown;
        splitter->capacity = capacity;
    }
    return (struct fc_space){ .data = splitter->buffer + splitter->size,
                              .size = splitter->capacity - splitter->size };
}

void splitter_space_done(struct splitter *splitter, size_t size)
{
    assert(size <= splitter->capacity - splitter->size);
    splitter->size += size;
}

/* Pass over what cannot begin a JPEG. */
static void skip_to_beginning(struct splitter *splitter)
{
    while (splitter->taken < splitter->size) {
        const size_t left = splitter->size - splitter->taken;
        const uint8_t *from = splitter->buffer + splitter->taken;
        const uint8_t *found = memchr(from, beginning[0], left);
        if (!found) {
            splitter->taken = splitter->size;
            return;
        }
        splitter->taken = (size_t)(found - splitter->buffer);
        const size_t seen = splitter->size - splitter->taken;
        const size_t len = seen < sizeof(beginning) ? seen : sizeof(beginning);
        if (memcmp(found, beginning, len) == 0) {
            return;
        }
        splitter->taken++;
    }
}

enum splitter_step splitter_next(struct splitter *splitter, struct fc_bytes *out, uint32_t *width,
                                 uint32_t *height, const char **error)
{
    if (splitter->walk.position == 0) {
        skip_to_beginning(splitter);
    }
    const size_t left = splitter->size - splitter->taken;
    if (left < sizeof(beginning)) {
        return SPLITTER_MORE;
    }
    const struct fc_bytes data = { .data = splitter->buffer + splitter->taken, .size = left };
    struct jpeg_walk *walk = &splitter->walk;
    enum jpeg_step step = jpeg_walk(walk, data);
    if (step != JPEG_STEP_FAIL && walk->position > PICTURE_JPEG_MAX_BYTES) {
        walk->error = "the JPEG is larger than 32 MiB";
        step = JPEG_STEP_FAIL;
    }
    switch (step) {
    case JPEG_STEP_MORE:
        return SPLITTER_MORE;
    case JPEG_STEP_FAIL:
        /* The next may begin where this one went wrong, so only what was in order is lost. */
        *error = walk->error;
        splitter->taken += walk->position > 0 ? walk->position : 1;
        *walk = (struct jpeg_walk){ .position = 0 };
        return SPLITTER_CORRUPT;
    case JPEG_STEP_DONE:
        break;
    }
    *out = (struct fc_bytes){ .data = data.data, .size = walk->position };
    *width = walk->width;
    *height = walk->height;
    splitter->taken += walk->position;
    *walk = (struct jpeg_walk){ .position = 0 };
    return SPLITTER_JPEG;
}

bool splitter_is_inside(const struct splitter *splitter)
{
    return splitter->walk.position > 0;
}

void splitter_fini(struct splitter *splitter)
{
    free(splitter->buffer);
    *splitter = (struct splitter){ .buffer = NULL };
}
