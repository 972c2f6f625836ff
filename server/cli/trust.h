/* SPDX-License-Identifier: MIT */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include <framecast/tls.h>

#include "cli/config.h"

/**
 * What a client needs for wss:// addresses; NULL in *out for the system's authorities.
 *
 * Errors:    as fc_tls_new().
 * Ownership: gives a reference, or NULL.
 */
FC_NODISCARD int trust_make(struct fc_tls **out, const struct cli_trust *trust,
                            struct fc_error *error);

#endif
