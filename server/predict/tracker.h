/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_TRACKER_H
#define PREDICT_TRACKER_H

#include <framecast/attr.h>

#include "predict/prediction.h"

/*
 * Tracks across pictures for a detector that has none: the boxes of one picture are paired with
 * where the tracks are expected to be, by overlap and nearness, the best pair first.
 *
 * Only times count, not pictures, so any rate will do, and pictures that were left out or failed
 * are as if time had passed. A thing that is not seen coasts on at the speed it had, ever slower,
 * and keeps its number if it is back in time; a number is never used again. A label may change if
 * the box hardly does, as between "car" and "truck". Boxes, labels and scores stay as they are.
 *
 * Ten objects take 3 microseconds, 256 on one spot, which is the worst there is, 10 milliseconds.
 *
 * predictors/motion has tracks of its own and cannot share them: it follows blobs of foreground,
 * which are parts of bodies and groups of them, so it joins pieces, splits groups and believes in
 * nothing that does not move. A detector's boxes are whole things with a label, and may stand
 * still.
 */

struct tracker; /* Threads: one at a time. */

#define TRACKER_TRACKS_MAX 512 /* the one unseen for longest makes room for a new one */

/** Zero means the default. */
struct tracker_options {
    int64_t coast_ns; /* so long a track lives unseen; 0: 1 s */
};

/**
 * Make a tracker that follows nothing yet. It allocates nothing more.
 *
 * @param options  NULL: all defaults
 *
 * Errors:    NULL without memory.
 */
FC_NODISCARD struct tracker *tracker_new(const struct tracker_options *options);

/** Ignores NULL. */
void tracker_free(struct tracker **tracker);

/**
 * Give every object of a prediction its track. Predictions come in the order of their pictures.
 *
 * One in which any object has a track already is left alone, and does not count as seen.
 *
 * @param captured_ns  of the picture, steady clock
 */
void tracker_look(struct tracker *tracker, struct prediction *prediction, int64_t captured_ns);

#endif
