/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_EXTENSION_H
#define ENGINE_WS_EXTENSION_H

#include <framecast/http.h>

/*
 * The value of Sec-WebSocket-Extensions, cut into its parts (RFC 6455 section 9.1). Threads: any.
 *
 *     name; parameter; parameter=value; parameter="value", name, ...
 */

/** Cut the next extension from a list; false at its end. Empty elements are passed over. */
bool fc_ws_extension_next(struct fc_bytes *list, struct fc_bytes *name,
                          struct fc_bytes *parameters);

struct fc_ws_parameter {
    struct fc_bytes name;
    struct fc_bytes value; /* without quotes */
    bool has_value;
};

enum fc_ws_parameter_step { FC_WS_PARAMETER, FC_WS_PARAMETERS_END, FC_WS_PARAMETER_BAD };

/** Cut the next parameter; BAD when it is not in order. */
enum fc_ws_parameter_step fc_ws_parameter_next(struct fc_bytes *parameters,
                                               struct fc_ws_parameter *out);

/** True when every Sec-WebSocket-Extensions header is in order. */
bool fc_ws_extensions_are_valid(const struct fc_http_header *headers, uint32_t count);

#endif
