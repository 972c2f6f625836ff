/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/jpeg.h"
#include "predictors/motion/motion.h"

/*
 * `motion`: gives pictures to predictors/motion and says "moving" of what it finds, because what it
 * is, it does not know.
 */

struct motion_instance {
    struct motion *motion;
    struct motion_box boxes[PREDICTION_OBJECTS_MAX];
};

static bool motion_matches(const char *spec)
{
    return strcmp(spec, "motion") == 0;
}

static void motion_close(void **instance)
{
    struct motion_instance *m = *instance;
    *instance = NULL;
    if (m) {
        motion_free(&m->motion);
        free(m);
    }
}

static int motion_open(void **instance, const char *spec, char *why, size_t why_size)
{
    (void)spec;
    struct motion_instance *m = calloc(1, sizeof(*m));
    if (m) {
        m->motion = motion_new(NULL);
    }
    if (!m || !m->motion) {
        void *half = m;
        motion_close(&half);
        snprintf(why, why_size, "there is no memory for it");
        return -ENOMEM;
    }
    *instance = m;
    return 0;
}

static int motion_look_at(void *instance, struct picture *picture, struct prediction *out)
{
    struct motion_instance *m = instance;
    const struct picture *pixels = picture_pixels(picture);
    if (!pixels) {
        return -EINVAL;
    }
    const struct raster luma = {
        .data = pixels->planes[0].data,
        .stride = pixels->planes[0].stride,
        .width = pixels->width,
        .height = pixels->height,
    };
    out->object_count =
        motion_look(m->motion, luma, picture->captured_ns, m->boxes, PREDICTION_OBJECTS_MAX);
    for (size_t i = 0; i < out->object_count; i++) {
        const struct motion_box *box = &m->boxes[i];
        out->objects[i] = (struct prediction_object){
            .label = "moving",
            .score = box->score,
            .x = box->x,
            .y = box->y,
            .width = box->width,
            .height = box->height,
            .track = box->track,
        };
    }
    return 0;
}

const struct predictor_kind predictor_kind_motion = {
    .name = "motion",
    .form = "motion",
    .matches = motion_matches,
    .open = motion_open,
    .look = motion_look_at,
    .close = motion_close,
    .parallel_max = 1,
};
