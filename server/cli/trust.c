/* SPDX-License-Identifier: MIT */
#include "cli/trust.h"

#include <stddef.h>

int trust_make(struct fc_tls **out, const struct cli_trust *trust, struct fc_error *error)
{
    *out = NULL;
    if (!trust->ca && !trust->is_insecure) {
        return 0;
    }
    return fc_tls_new(out,
                      &(struct fc_tls_options){
                          .is_client = true,
                          .ca_file = trust->ca,
                          .is_insecure = trust->is_insecure,
                      },
                      error);
}
