/* SPDX-License-Identifier: MIT */
#include "net/error.h"

#include <stdarg.h>
#include <stdio.h>

void error_set(struct fc_error *error, const char *format, ...)
{
    if (!error) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
}
