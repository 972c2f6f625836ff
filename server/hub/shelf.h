/* SPDX-License-Identifier: MIT */
#ifndef HUB_SHELF_H
#define HUB_SHELF_H

#include <framecast/attr.h>

#include "picture/picture.h"
#include "predict/prediction.h"

/*
 * The last predictions of a stream, for whoever draws them into a picture that is encoded now.
 *
 * Of each predictor that is the newest prediction that is not of a later picture than the one to
 * be drawn on, unless it is older than that picture by more than SHELF_AGE_MAX_US. It is not waited
 * for: a picture goes out with what there is.
 */

struct shelf; /* Threads: any. */

#define SHELF_PREDICTORS_MAX 8
#define SHELF_AGE_MAX_US 1000000

/** What there is to draw into one picture. */
struct shelf_view {
    unsigned predictions; /* found: at most one of each predictor */
    uint64_t seq;         /* the newest one's; 0: none */
    size_t object_count;  /* of all together; what is over PREDICTION_OBJECTS_MAX is left out */
    struct prediction_object objects[PREDICTION_OBJECTS_MAX];
};

/** Errors: NULL without memory. */
FC_NODISCARD struct shelf *shelf_new(void);
void shelf_free(struct shelf **shelf); /* ignores NULL */

/**
 * Keep a prediction; those of one predictor come in the order of the pictures.
 *
 * Without memory for a predictor's first one, it is left out. Copies what it needs of prediction.
 *
 * @param predictor  which of the stream's it is; below SHELF_PREDICTORS_MAX
 */
void shelf_put(struct shelf *shelf, unsigned predictor, const struct prediction *prediction);

/** Copy out what is to be drawn into a picture. */
void shelf_look(struct shelf *shelf, const struct picture *picture, struct shelf_view *out);

/** As many as shelf_look() would find. */
unsigned shelf_count(struct shelf *shelf, const struct picture *picture);

#endif
