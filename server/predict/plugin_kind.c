/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <stdio.h>

#include "predict/plugin_instance.h"
#include "predict/plugin_load.h"

/*
 * `PLUGIN.so` or `PLUGIN.so?OPTIONS`: a predictor in a shared object (framecast/predictor.h), on
 * the predictor's threads.
 */

static bool plugin_check(const char *spec, char *why, size_t why_size)
{
    struct fc_predictor plugin;
    return plugin_load(&plugin, spec, why, why_size) == 0;
}

static void plugin_describe(const char *spec, struct predictor_traits *out)
{
    struct fc_predictor plugin;
    char why[PREDICTION_WHY_SIZE];
    if (plugin_load(&plugin, spec, why, sizeof(why)) == 0) { /* if not, open() says why */
        snprintf(out->name, sizeof(out->name), "%s", plugin.name);
        out->parallel_max = plugin.parallel_max;
    }
}

static int plugin_open(void **instance, const char *spec, const struct predictor_place *place,
                       char *why, size_t why_size)
{
    struct fc_predictor plugin;
    int err = plugin_load(&plugin, spec, why, why_size);
    struct plugin_instance *opened = NULL;
    if (!err) {
        const struct plugin_opening opening = {
            .plugin = &plugin,
            .options = plugin_options(spec),
            .place = place,
        };
        err = plugin_instance_open(&opened, &opening, why, why_size);
    }
    if (!err) {
        *instance = opened;
    }
    return err;
}

static int plugin_look(void *instance, struct picture *picture, struct prediction *out)
{
    return plugin_instance_look(instance, picture, out);
}

static void plugin_close(void **instance)
{
    struct plugin_instance *opened = *instance;
    *instance = NULL;
    plugin_instance_close(&opened);
}

const struct predictor_kind predictor_kind_plugin = {
    .name = "plug-in",
    .form = "PLUGIN.so",
    .matches = plugin_is_named,
    .check = plugin_check,
    .describe = plugin_describe,
    .open = plugin_open,
    .look = plugin_look,
    .close = plugin_close,
    .parallel_max = 1,
};
