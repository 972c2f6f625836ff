/* SPDX-License-Identifier: MIT */
#include "serve/key.h"

#include <math.h>

#define MILLI 1000.0

const struct key_member key_members[KEY_MEMBER_COUNT] = {
    { KEY_FPS, "fps", 0.01, 1000 },
    { KEY_WIDTH, "width", 16, PICTURE_SIDE_MAX },
    { KEY_QUALITY, "quality", 1, 100 },
};

static void put(struct rendition_key *key, const struct key_member *member, double number)
{
    switch (member->field) {
    case KEY_FPS:
        key->fps_milli = (uint32_t)lround(number * MILLI);
        break;
    case KEY_WIDTH:
        key->width = (uint32_t)number;
        break;
    case KEY_QUALITY:
        key->quality = (int)number;
        break;
    case KEY_MEMBER_COUNT:
        break;
    }
}

bool key_set(struct rendition_key *key, const struct key_member *member, double number)
{
    if (!(number >= member->min && number <= member->max)) { /* also false for NaN */
        return false;
    }
    put(key, member, number);
    return true;
}

void key_clear(struct rendition_key *key, const struct key_member *member)
{
    put(key, member, 0);
}
