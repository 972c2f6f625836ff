/* SPDX-License-Identifier: MIT */
#ifndef NET_TEXT_H
#define NET_TEXT_H

#include <stdlib.h>
#include <string.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

/** A zero-terminated copy. Errors: NULL without memory. Ownership: gives, to free(). */
static inline FC_NODISCARD char *text_copy(struct fc_bytes bytes)
{
    char *text = malloc(bytes.size + 1);
    if (text) {
        if (bytes.size > 0) {
            memcpy(text, bytes.data, bytes.size);
        }
        text[bytes.size] = '\0';
    }
    return text;
}

/** The same of a string. */
static inline FC_NODISCARD char *text_copy_string(const char *string)
{
    return text_copy((struct fc_bytes){ (const uint8_t *)string, strlen(string) });
}

#endif
