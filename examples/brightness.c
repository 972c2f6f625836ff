/* SPDX-License-Identifier: MIT */
/* brightness: a predictor as a plug-in. It says how bright each picture is, and when it is dark.
 *     cc -shared -fPIC -O2 -o brightness.so brightness.c
 *     framecast --predict './brightness.so?dark=40' test
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <framecast/predictor.h>

static int start(void **instance, struct fc_predictor_start *with)
{
    const char *dark = fc_predictor_option(with->options, "dark");
    char *end = NULL;
    const double number = dark ? strtod(dark, &end) : 40;
    if (dark && (end == dark || !strchr("&", *end))) {
        snprintf(with->why, with->why_size, "dark takes a number");
        return -EINVAL;
    }
    double *limit = *instance = malloc(sizeof(*limit));
    if (!limit) {
        return -ENOMEM;
    }
    *limit = number;
    return 0;
}

static int look(void *instance, const struct fc_image *image, struct fc_result *result)
{
    const double *limit = instance;
    double sum = 0;
    for (uint32_t y = 0; y < image->height; y++) {
        for (uint32_t x = 0; x < image->width; x++) {
            sum += image->planes[0][y * image->strides[0] + x];
        }
    }
    const double mean = sum / image->width / image->height;
    result->objects[0] = (struct fc_object){ .label = "dark", .score = 1, .width = 1, .height = 1 };
    result->object_count = mean < *limit;
    char json[64];
    const int size = snprintf(json, sizeof(json), "{\"brightness\": %.1f}", mean);
    return result->set_data(result, json, (size_t)size);
}

const struct fc_predictor *fc_predictor_get(void)
{
    static const struct fc_predictor plugin = {
        .size = sizeof(plugin),
        .abi = FC_PREDICTOR_ABI,
        .name = "brightness",
        .format = FC_IMAGE_GRAY8,
        .width = 160,      /* is enough for a mean; the height follows */
        .parallel_max = 8, /* no picture depends on another */
        .open = start,
        .look = look,
        .close = free,
    };
    return &plugin;
}
