/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <string.h>

#include "predict/plugin_instance.h"
#include "predict/plugin_load.h"
#include "predictors/motion/predictor.h"

/* `motion` or `motion?OPTIONS`: the plug-in predictors/motion, which is built in. */

static bool motion_matches(const char *spec)
{
    const size_t length = strlen("motion");
    return strncmp(spec, "motion", length) == 0 && (spec[length] == '\0' || spec[length] == '?');
}

static void motion_close(void **instance)
{
    struct plugin_instance *opened = *instance;
    *instance = NULL;
    plugin_instance_close(&opened);
}

static int motion_open(void **instance, const char *spec, const struct predictor_place *place,
                       char *why, size_t why_size)
{
    const struct plugin_opening opening = {
        .plugin = &motion_predictor,
        .options = plugin_options(spec),
        .place = place,
    };
    struct plugin_instance *opened = NULL;
    const int err = plugin_instance_open(&opened, &opening, why, why_size);
    if (!err) {
        *instance = opened;
    }
    return err;
}

/* Opening costs little, and says what is wrong with the options. */
static bool motion_check(const char *spec, char *why, size_t why_size)
{
    void *instance = NULL;
    const int err = motion_open(&instance, spec, NULL, why, why_size);
    motion_close(&instance);
    return err == 0;
}

static int motion_look_at(void *instance, struct picture *picture, struct prediction *out)
{
    return plugin_instance_look(instance, picture, out);
}

const struct predictor_kind predictor_kind_motion = {
    .name = "motion",
    .form = "motion",
    .matches = motion_matches,
    .check = motion_check,
    .open = motion_open,
    .look = motion_look_at,
    .close = motion_close,
    .parallel_max = 1,
};
