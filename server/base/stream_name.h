/* SPDX-License-Identifier: MIT */
#ifndef BASE_STREAM_NAME_H
#define BASE_STREAM_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The name of a stream: letters, digits, '-' and '_'. Safe in addresses and in names of files. */

#define STREAM_NAME_MAX 64

/** Threads: any. */
bool stream_name_is_valid(const char *name, size_t len);

#endif
