/* SPDX-License-Identifier: MIT */
#ifndef NET_ERROR_H
#define NET_ERROR_H

#include <framecast/attr.h>
#include <framecast/error.h>

/** Write the sentence, cut where there is no more room. error may be NULL: nobody wants to know. */
FC_PRINTF(2, 3) void error_set(struct fc_error *error, const char *format, ...);

#endif
