/* SPDX-License-Identifier: MIT */
#include "predictor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "motion.h"

struct instance {
    struct motion *motion;
    struct motion_box boxes[FC_PREDICTOR_OBJECTS_MAX];
};

/* An option, and how it gets into the struct. */
struct knob {
    const char *key;
    double min, max;
    void (*set)(struct motion_options *options, double value);
};

static int64_t nanoseconds(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

static void set_width(struct motion_options *options, double value)
{
    options->work_width_px = (uint32_t)value;
}

static void set_area_min(struct motion_options *options, double value)
{
    options->box_area_min = (float)value;
}

static void set_area_max(struct motion_options *options, double value)
{
    options->box_area_max = (float)value;
}

static void set_contrast(struct motion_options *options, double value)
{
    options->contrast_min = (float)value;
}

static void set_warm_up(struct motion_options *options, double value)
{
    options->warm_up_ns = nanoseconds(value);
}

static void set_absorb(struct motion_options *options, double value)
{
    options->absorb_ns = nanoseconds(value);
}

static void set_coast(struct motion_options *options, double value)
{
    options->coast_ns = nanoseconds(value);
}

static const struct knob knobs[] = {
    { "width", 32, 1024, set_width },         { "area_min", 0.00001, 1, set_area_min },
    { "area_max", 0.00001, 1, set_area_max }, { "contrast", 1, 255, set_contrast },
    { "warm_up", 0.1, 3600, set_warm_up },    { "absorb", 0.1, 86400, set_absorb },
    { "coast", 0.1, 60, set_coast },
};

#define KNOB_COUNT (sizeof(knobs) / sizeof(knobs[0]))

static const struct knob *knob_find(const char *option)
{
    const size_t length = strcspn(option, "=&");
    for (size_t i = 0; i < KNOB_COUNT; i++) {
        if (strlen(knobs[i].key) == length && strncmp(knobs[i].key, option, length) == 0) {
            return &knobs[i];
        }
    }
    return NULL;
}

static int knob_turn(const struct knob *knob, const char *option, struct motion_options *out,
                     struct fc_predictor_start *start)
{
    const char *value = fc_predictor_option(option, knob->key);
    char *end = NULL;
    const double number = strtod(value, &end);
    if (end == value || (*end != '&' && *end != '\0') ||
        !(number >= knob->min && number <= knob->max)) {
        snprintf(start->why, start->why_size, "motion: %s takes a number from %g to %g", knob->key,
                 knob->min, knob->max);
        return -EINVAL;
    }
    knob->set(out, number);
    return 0;
}

static int options_read(struct fc_predictor_start *start, struct motion_options *out)
{
    const char *option = start->options;
    while (*option) {
        const size_t length = strcspn(option, "&");
        const struct knob *knob = knob_find(option);
        if (!knob) {
            snprintf(start->why, start->why_size,
                     "motion has no option '%.*s': there are width, area_min, area_max, contrast, "
                     "warm_up, absorb and coast",
                     (int)strcspn(option, "=&"), option);
            return -EINVAL;
        }
        const int err = knob_turn(knob, option, out, start);
        if (err) {
            return err;
        }
        option += length + (option[length] == '&');
    }
    return 0;
}

static void motion_close(void *instance)
{
    struct instance *it = instance;
    motion_free(&it->motion);
    free(it);
}

static int motion_open(void **instance, struct fc_predictor_start *start)
{
    struct motion_options options = { 0 };
    const int err = options_read(start, &options);
    if (err) {
        return err;
    }
    struct instance *it = calloc(1, sizeof(*it));
    if (!it) {
        return -ENOMEM;
    }
    it->motion = motion_new(&options);
    if (!it->motion) {
        free(it);
        return -ENOMEM;
    }
    *instance = it;
    return 0;
}

static int motion_look_at(void *instance, const struct fc_image *image, struct fc_result *result)
{
    struct instance *it = instance;
    const struct raster luma = {
        .data = image->planes[0],
        .stride = image->strides[0],
        .width = image->width,
        .height = image->height,
    };
    const size_t count =
        motion_look(it->motion, luma, image->captured_ns, it->boxes, FC_PREDICTOR_OBJECTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct motion_box *box = &it->boxes[i];
        result->objects[i] = (struct fc_object){
            .label = "moving",
            .score = box->score,
            .x = box->x,
            .y = box->y,
            .width = box->width,
            .height = box->height,
            .track = box->track,
        };
    }
    result->object_count = (uint32_t)count;
    return 0;
}

const struct fc_predictor motion_predictor = {
    .size = sizeof(motion_predictor),
    .abi = FC_PREDICTOR_ABI,
    .name = "motion",
    .format = FC_IMAGE_ANY, /* the first plane is brightness in all of them */
    .parallel_max = 1,
    .open = motion_open,
    .look = motion_look_at,
    .close = motion_close,
};
