/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define LINE_SIZE 2048

/* The first that matches: a command or an address may end like a file. */
const struct predictor_kind *const predictor_kinds[] = {
    &predictor_kind_motion,
    &predictor_kind_worker,
    &predictor_kind_kserve,
    &predictor_kind_onnx,
    &predictor_kind_plugin,
    &predictor_kind_test,
    NULL,
};

const struct predictor_kind *predictor_kind_find(const char *spec)
{
    for (const struct predictor_kind *const *kind = predictor_kinds; *kind; kind++) {
        if ((*kind)->matches(spec)) {
            return *kind;
        }
    }
    return NULL;
}

bool predictor_check(const char *spec, char *why, size_t why_size)
{
    const struct predictor_kind *kind = predictor_kind_find(spec);
    if (kind) {
        return !kind->check || kind->check(spec, why, why_size);
    }
    int size = snprintf(why, why_size, "there is no predictor '%.64s': try", spec);
    for (size_t i = 0; predictor_kinds[i] && size >= 0 && (size_t)size < why_size; i++) {
        size += snprintf(why + size, why_size - (size_t)size, "%s %s",
                         i == 0                   ? ""
                         : predictor_kinds[i + 1] ? ","
                                                  : " or",
                         predictor_kinds[i]->form);
    }
    return false;
}

/* FNV-1a; never 0, which is nothing said. */
static uint64_t sum_of(const char *text)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (const char *c = text; *c; c++) {
        sum = (sum ^ (unsigned char)*c) * UINT64_C(1099511628211);
    }
    return sum | 1;
}

void predictor_says(const struct predictor_place *place, const char *module, const char *format,
                    ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    const uint64_t sum = sum_of(line);
    if (!place || !place->said || atomic_exchange(place->said, sum) != sum) {
        log_info(module, "%s", line);
    }
}
