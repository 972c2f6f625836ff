/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include <framecast/attr.h>

/*
 * One line per change of state on standard error: `level module: what happened key=value`.
 * Lower case, no full stop, outside strings quoted by the caller. Threads: any.
 */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE, LOG_LEVEL_COUNT };

/**
 * Set what is logged: "info", or "info,net=debug,source=trace".
 *
 * Errors:    false, nothing changed, when a level or the form is unknown.
 * Threads:   before any other thread starts.
 */
bool log_configure(const char *spec);

bool log_enabled(enum log_level level, const char *module);

void log_write(enum log_level level, const char *module, const char *format, ...) FC_PRINTF(3, 4);

#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...) log_write(LOG_WARN, module, __VA_ARGS__)
#define log_info(module, ...) log_write(LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...) log_write(LOG_DEBUG, module, __VA_ARGS__)

#endif
