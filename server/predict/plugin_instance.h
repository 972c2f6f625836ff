/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PLUGIN_INSTANCE_H
#define PREDICT_PLUGIN_INSTANCE_H

#include <framecast/predictor.h>

#include "picture/picture.h"
#include "predict/predictor_impl.h"

/*
 * One instance of a plug-in: gives it images as it wants them and takes its answers over. The same
 * for what is loaded and what is built in.
 */

struct plugin_instance; /* Threads: one. */

/** What is opened, and for whom. Borrowed; place for the instance's life. */
struct plugin_opening {
    const struct fc_predictor *plugin;
    const char *options;
    const struct predictor_place *place; /* NULL: nowhere, only to see whether it can be opened */
};

/**
 * Open one.
 *
 * Errors:    what the plug-in's open() returned, -EINVAL being for good; that too when it asks for
 *            images that there are not; -EPROTO when it returned what is no error; -ENOMEM. A
 *            sentence in why, unless the plug-in gave none.
 * Ownership: gives.
 */
FC_NODISCARD int plugin_instance_open(struct plugin_instance **out,
                                      const struct plugin_opening *opening, char *why,
                                      size_t why_size);

/** As predictor_kind.look. Allocates nothing while sizes stay, but for data that comes. */
FC_NODISCARD int plugin_instance_look(struct plugin_instance *instance, struct picture *picture,
                                      struct prediction *out);

/** Ignores NULL. */
void plugin_instance_close(struct plugin_instance **instance);

#endif
