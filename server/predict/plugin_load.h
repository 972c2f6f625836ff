/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PLUGIN_LOAD_H
#define PREDICT_PLUGIN_LOAD_H

#include <stdbool.h>

#include <framecast/predictor.h>

/*
 * Plug-ins, from the name of a file to functions that can be called. What is accepted stays loaded:
 * a library that is unloaded while one of its threads still runs takes the program with it.
 */

#define PLUGIN_SUFFIX ".so"

/** The images that an instance wants; as in struct fc_predictor. */
struct plugin_wants {
    uint32_t format, width, height;
};

/** Whether there can be such images: NULL, or what is wrong with them. Threads: any. */
const char *plugin_wants_fault(const struct plugin_wants *wants);

/**
 * Take over what a plug-in says it is: of another ABI, too small, or without what it needs, it is
 * refused.
 *
 * Errors:    -EPROTO with a sentence in why that names path; *out is as it was.
 * Ownership: out refers to given, which is there for good.
 * Threads:   any.
 */
FC_NODISCARD int plugin_accept(struct fc_predictor *out, const struct fc_predictor *given,
                               const char *path, char *why, size_t why_size);

/**
 * Load the plug-in of a spec "PATH.so" or "PATH.so?OPTIONS". A path without a slash is a file in
 * the working directory, and is never searched for.
 *
 * Errors:    -ENOENT or another of opening a file, -ENAMETOOLONG, -ENOEXEC for what is no plug-in
 *            or cannot be linked, -EPROTO; always with a sentence in why.
 * Threads:   any.
 */
FC_NODISCARD int plugin_load(struct fc_predictor *out, const char *spec, char *why,
                             size_t why_size);

/** What stands after the '?' of a spec, or "". */
const char *plugin_options(const char *spec);

/** Whether a spec names a plug-in. */
bool plugin_is_named(const char *spec);

#endif
