/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

/*
 * The numbers as they are, into `data`, for whoever knows what they mean:
 *
 *     {"outputs":[{"name":"scores","shape":[1,3],"values":[0.1,0.2,0.7]}]}
 */

#define VALUES_MAX 4096 /* of all outputs together; viewers get every one */

static bool raw_fits(struct decode_plan *plan)
{
    size_t count = 0;
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        if (plan->ports->outputs[i].shape.type == TENSOR_OTHER) {
            return false;
        }
        count += tensor_count(&plan->ports->outputs[i].shape);
    }
    return plan->ports->output_count > 0 && count <= VALUES_MAX;
}

static void write_name(FILE *out, const char *name)
{
    json_t *string = json_string(name);
    char *text = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    fputs(text ? text : "\"?\"", out);
    free(text);
    json_decref(string);
}

static void write_tensor(FILE *out, const char *name, const struct tensor *tensor)
{
    fputs("{\"name\":", out);
    write_name(out, name);
    fputs(",\"shape\":[", out);
    for (unsigned i = 0; i < tensor->shape.rank; i++) {
        fprintf(out, "%s%" PRId64, i > 0 ? "," : "", tensor->shape.sides[i]);
    }
    fputs("],\"values\":[", out);
    const size_t count = tensor_count(&tensor->shape);
    for (size_t i = 0; i < count; i++) {
        const float value = tensor_value(tensor, i);
        fputs(i > 0 ? "," : "", out);
        if (isfinite(value)) {
            fprintf(out, "%.6g", (double)value);
        } else {
            fputs("null", out);
        }
    }
    fputs("]}", out);
}

static int raw_decode(const struct decode_plan *plan, const struct tensor *outputs,
                      struct decode_result *result)
{
    size_t count = 0;
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        count += tensor_count(&outputs[i].shape);
    }
    if (count > VALUES_MAX) {
        return -EMSGSIZE;
    }
    size_t size = 0;
    FILE *out = open_memstream(&result->data, &size);
    if (!out) {
        return -ENOMEM;
    }
    fputs("{\"outputs\":[", out);
    for (unsigned i = 0; i < plan->ports->output_count; i++) {
        fputs(i > 0 ? "," : "", out);
        write_tensor(out, plan->ports->outputs[i].name, &outputs[i]);
    }
    fputs("]}", out);
    const bool is_whole = !ferror(out);
    return fclose(out) == 0 && is_whole ? 0 : -ENOMEM;
}

const struct decoder decoder_raw = {
    .name = "raw",
    .takes = "outputs of at most 4096 numbers together",
    .defaults = {
        .color = PIXEL_RGB24,
        .resize = IMAGE_STRETCH,
        .scale = { 255, 255, 255 },
    },
    .overlap = 2,
    .top = PREDICTION_OBJECTS_MAX,
    .fits = raw_fits,
    .decode = raw_decode,
};
