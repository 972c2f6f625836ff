/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_LIBAV_H
#define SOURCE_LIBAV_H

#include "source/source_impl.h"

/*
 * Files, addresses and cameras through libav. libav's own types are seen in libav_*.c only; its
 * messages go to our log at level debug, under module "libav".
 */

/**
 * Decode the first picture of a file.
 *
 * Errors:    SOURCE_CORRUPT with why; -ENOMEM. *out stays NULL when stop is set meanwhile.
 * Ownership: gives.
 */
FC_NODISCARD int libav_still(const char *path, const struct stop *stop, struct picture **out,
                             char *why, size_t why_size);

#endif
