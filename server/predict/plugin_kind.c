/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "predict/plugin_instance.h"
#include "predict/plugin_load.h"

/*
 * `PLUGIN.so` or `PLUGIN.so?OPTIONS`: a predictor in a shared object (framecast/predictor.h), on
 * the predictor's threads.
 */

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

/* One that is opened and closed, to see what it says of its options. */
struct trial {
    const char *spec;
    char why[PREDICTION_WHY_SIZE];
    int err;
};

static void *trial_main(void *arg)
{
    struct trial *trial = arg;
    void *instance = NULL;
    trial->err = plugin_open(&instance, trial->spec, NULL, trial->why, sizeof(trial->why));
    plugin_close(&instance);
    return NULL;
}

/* On a thread of its own, without signals, as it is promised. 0 where there is none to be had. */
static int trial_run(struct trial *trial)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_t thread;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int err = pthread_create(&thread, NULL, trial_main, trial);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        return 0;
    }
    pthread_join(thread, NULL);
    return trial->err;
}

/* Wrong options stay wrong. Whatever else is amiss may be well later, and is tried again. */
static bool plugin_check(const char *spec, char *why, size_t why_size)
{
    struct fc_predictor plugin;
    if (plugin_load(&plugin, spec, why, why_size) != 0) {
        return false;
    }
    struct trial trial = { .spec = spec };
    if (trial_run(&trial) != -EINVAL) {
        return true;
    }
    snprintf(why, why_size, "the plug-in '%.*s' cannot be opened: %s", (int)strcspn(spec, "?"),
             spec, trial.why[0] ? trial.why : "it refuses its options, and does not say why");
    return false;
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
