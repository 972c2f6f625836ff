/* SPDX-License-Identifier: MIT */
#include "base/stream_name.h"

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool stream_name_is_valid(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_name_char(name[i])) {
            return false;
        }
    }
    return len > 0 && len <= STREAM_NAME_MAX;
}
