/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_BASE64_H
#define ENGINE_WS_BASE64_H

#include <stdbool.h>

#include <framecast/bytes.h>

/** Room for the text of @p size bytes and a zero. */
#define FC_BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)

/** Write the padded text and a zero. Threads: any. Spec: RFC 4648 section 4. */
void fc_base64_encode(struct fc_bytes bytes, char *out);

/** True when @p text is padded base64 of exactly @p size bytes. Threads: any. */
bool fc_base64_has_size(struct fc_bytes text, size_t size);

#endif
