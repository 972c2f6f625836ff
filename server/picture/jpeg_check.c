/* SPDX-License-Identifier: MIT */
#include "picture/jpeg_check.h"

#include "picture/jpeg_walk.h"
#include "picture/picture.h"

const char *jpeg_check(struct fc_bytes data, uint32_t *width, uint32_t *height, size_t *size_bytes)
{
    if (data.size == 0) {
        return "the JPEG is empty";
    }
    struct jpeg_walk walk = { .position = 0 };
    switch (jpeg_walk(&walk, data)) {
    case JPEG_STEP_MORE:
        return "the JPEG is cut short";
    case JPEG_STEP_FAIL:
        return walk.error;
    case JPEG_STEP_DONE:
        break;
    }
    if (walk.position > PICTURE_JPEG_MAX_BYTES) {
        return "the JPEG is larger than 32 MiB";
    }
    *width = walk.width;
    *height = walk.height;
    *size_bytes = walk.position;
    return NULL;
}
