/* SPDX-License-Identifier: MIT */
#ifndef MOTION_TRACKS_H
#define MOTION_TRACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regions.h"

/* Regions of one picture become tracks that live from picture to picture. */

enum { TRACKS_MAX = 64 };

/* A middle and a size along one axis. Units: pixels of the small picture, seconds. */
struct track_axis {
    float at, speed, size;
    float born_at;
};

/* A thing followed. Others may read, not write. */
struct track {
    uint32_t id; /* 0: tentative, not yet believed */
    struct track_axis x, y;
    float age_s;
    float unseen_s;  /* since it last had a region, alone or in a group */
    float grouped_s; /* since it last had a region of its own */
    float covered_s; /* for so long it has been where an older track is */
    float support;   /* 0..1, share of recent pictures it was seen in */
    float fill;      /* 0..1, share of foreground in its region's box */
    uint32_t hit_count;
};

/** What one picture shows. */
struct sight {
    const struct region *regions; /* borrowed */
    size_t count;                 /* at most REGIONS_MAX */
    float elapsed_s;              /* since the picture before; over 0 */
    float width, height;          /* of the small picture */
};

struct tracks;

struct tracks_options {
    float coast_s; /* how long a track lives unseen */
};

/**
 * Make an empty set of tracks.
 *
 * Errors:    NULL when there is no memory.
 * Ownership: gives the set; tracks_free() it.
 * Threads:   one at a time.
 */
struct tracks *tracks_new(const struct tracks_options *options);

/** Forget all tracks; ids go on from where they were. Threads: one at a time. */
void tracks_restart(struct tracks *set);

/**
 * Move the tracks on to the new picture and give them its regions.
 *
 * Ownership: borrows sight for the call.
 * Threads:   one at a time.
 */
void tracks_look(struct tracks *set, const struct sight *sight);

/** The tracks, oldest first, tentative ones among them. Threads: one at a time. */
const struct track *tracks_peek(const struct tracks *set, size_t *count);

/** Release the set and set *pset to NULL. Threads: one at a time. */
void tracks_free(struct tracks **pset);

#endif
