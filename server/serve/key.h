/* SPDX-License-Identifier: MIT */
#ifndef SERVE_KEY_H
#define SERVE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/rendition.h"

/* What a viewer may ask of a rendition, in a query or in framecast.v1: one table for both. */

enum key_field { KEY_FPS, KEY_WIDTH, KEY_QUALITY, KEY_MEMBER_COUNT };

struct key_member {
    enum key_field field;
    const char *name;
    double min, max;
};

extern const struct key_member key_members[KEY_MEMBER_COUNT];

/** Errors: false, *key untouched, when the number is out of range. */
bool key_set(struct rendition_key *key, const struct key_member *member, double number);

/** Back to "as captured". */
void key_clear(struct rendition_key *key, const struct key_member *member);

#endif
