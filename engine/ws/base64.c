/* SPDX-License-Identifier: MIT */
#include "engine/ws/base64.h"

#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void fc_base64_encode(struct fc_bytes bytes, char *out)
{
    for (size_t i = 0; i < bytes.size; i += 3) {
        const size_t left = bytes.size - i;
        const uint32_t group = (uint32_t)bytes.data[i] << 16 |
                               (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes.data[i + 2] : 0);
        *out++ = ALPHABET[group >> 18 & 63];
        *out++ = ALPHABET[group >> 12 & 63];
        memcpy(out, "==", 2);
        if (left > 1) {
            out[0] = ALPHABET[group >> 6 & 63];
        }
        if (left > 2) {
            out[1] = ALPHABET[group & 63];
        }
        out += 2;
    }
    *out = '\0';
}

bool fc_base64_has_size(struct fc_bytes text, size_t size)
{
    const size_t padding = (3 - size % 3) % 3;
    if (text.size != FC_BASE64_SIZE(size) - 1) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        const bool is_padding = i >= text.size - padding;
        if (is_padding ? c != '=' : c == '\0' || !strchr(ALPHABET, c)) {
            return false;
        }
    }
    return true;
}
