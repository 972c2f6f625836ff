/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_TLS_H
#define FRAMECAST_TLS_H
#include <framecast/attr.h>
#include <framecast/error.h>
#include <stdbool.h>
FC_BEGIN
struct fc_tls;
struct fc_tls_options {
    bool is_client;
};
FC_API FC_NODISCARD int fc_tls_new(struct fc_tls **out, const struct fc_tls_options *options,
                                   struct fc_error *error);
FC_API struct fc_tls *fc_tls_ref(struct fc_tls *tls);
FC_API void fc_tls_unref(struct fc_tls **tls);
FC_END
#endif
