/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <stdio.h>
#include <string.h>

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
