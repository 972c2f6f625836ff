/* SPDX-License-Identifier: MIT */
#include "predict/plugin_instance.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "encode/jpeg.h"
#include "encode/pixels.h"
#include "predict/plugin_load.h"

/*
 * A picture that is wanted as it is costs nothing: the image is its planes. Any other is converted
 * into memory that the instance keeps. Objects come in memory of the instance's own, and only those
 * that the plug-in says it filled in are read.
 */

#define IMAGE_ALIGN 64 /* bytes; of the first row */
#define LINE_SIZE 512  /* of what a plug-in logs */

struct plugin_instance {
    struct fc_predictor plugin;
    const struct predictor_place *place; /* NULL: nowhere */
    pthread_mutex_t log_lock;            /* of the place's quota */
    bool is_open;
    void *its; /* what open() made */
    struct plugin_wants wants;
    struct pixel_converter *converter; /* NULL when pictures are wanted as they are */
    uint8_t *pixels;
    size_t pixels_capacity;
    struct fc_object objects[FC_PREDICTOR_OBJECTS_MAX];
};

static const enum pixel_format pixel_formats[] = {
    [FC_IMAGE_GRAY8] = PIXEL_GRAY8,
    [FC_IMAGE_RGB24] = PIXEL_RGB24,
    [FC_IMAGE_BGR24] = PIXEL_BGR24,
    [FC_IMAGE_NV12] = PIXEL_NV12,
};

static const struct {
    enum fc_image_format image;
    unsigned planes;
} picture_formats[PICTURE_FORMAT_COUNT] = {
    [PICTURE_GRAY] = { FC_IMAGE_GRAY8, 1 },
    [PICTURE_YUV420] = { FC_IMAGE_YUV420, 3 },
    [PICTURE_YUV422] = { FC_IMAGE_YUV422, 3 },
    [PICTURE_YUV444] = { FC_IMAGE_YUV444, 3 },
};

/* A sentence of somebody else's becomes one that fits between quotation marks in one line. */
static void sentence_tame(char *text, size_t text_size)
{
    text[text_size - 1] = '\0';
    for (char *c = text; *c; c++) {
        *c = iscntrl((unsigned char)*c) ? ' ' : *c == '"' ? '\'' : *c;
    }
}

/* Whether the log has room for one more line, on any thread. */
static bool may_log(struct plugin_instance *instance, uint64_t *left_out)
{
    pthread_mutex_lock(&instance->log_lock);
    const bool may = quota_take(instance->place->quota, clock_steady_ns(), left_out);
    pthread_mutex_unlock(&instance->log_lock);
    return may;
}

static void on_log(void *host, enum fc_predictor_level level, const char *line)
{
    static const enum log_level levels[] = {
        [FC_PREDICTOR_ERROR] = LOG_ERROR,
        [FC_PREDICTOR_WARN] = LOG_WARN,
        [FC_PREDICTOR_INFO] = LOG_INFO,
    };
    struct plugin_instance *instance = host;
    uint64_t left_out = 0;
    if (!instance->place || !may_log(instance, &left_out)) {
        return;
    }
    if (left_out > 0) {
        log_warn("predict", "plug-in's lines left out stream=%s name=%s count=%" PRIu64,
                 instance->place->stream, instance->plugin.name, left_out);
    }
    const unsigned row = (unsigned)level > FC_PREDICTOR_INFO ? FC_PREDICTOR_INFO : (unsigned)level;
    char tame[LINE_SIZE];
    snprintf(tame, sizeof(tame), "%s", line);
    sentence_tame(tame, sizeof(tame));
    log_write(levels[row], "predict", "plug-in stream=%s name=%s says=\"%s\"",
              instance->place->stream, instance->plugin.name, tame);
}

/* Have it make what it needs, and see what images it wants. */
static int begin(struct plugin_instance *instance, const char *options, char *why, size_t why_size)
{
    const struct fc_predictor *plugin = &instance->plugin;
    struct fc_predictor_start start = {
        .size = sizeof(start),
        .options = options,
        .stream = instance->place ? instance->place->stream : "",
        .format = plugin->format,
        .width = plugin->width,
        .height = plugin->height,
        .why = why,
        .why_size = why_size,
        .log = on_log,
        .host = instance,
    };
    const int err = plugin->open ? plugin->open(&instance->its, &start) : 0;
    sentence_tame(why, why_size);
    if (err > 0) {
        snprintf(why, why_size, "its open() returned %d, which is no negative errno", err);
    }
    if (err) {
        return err < 0 ? err : -EPROTO;
    }
    instance->is_open = true;
    instance->wants = (struct plugin_wants){
        .format = start.format,
        .width = start.width,
        .height = start.height,
    };
    const char *fault = plugin_wants_fault(&instance->wants);
    if (fault) {
        snprintf(why, why_size, "%s", fault);
        return -EINVAL;
    }
    return 0;
}

int plugin_instance_open(struct plugin_instance **out, const struct plugin_opening *opening,
                         char *why, size_t why_size)
{
    struct plugin_instance *instance = calloc(1, sizeof(*instance));
    if (!instance) {
        return -ENOMEM;
    }
    instance->plugin = *opening->plugin;
    instance->place = opening->place;
    pthread_mutex_init(&instance->log_lock, NULL);
    char sentence[PREDICTION_WHY_SIZE] = "";
    int err = begin(instance, opening->options, sentence, sizeof(sentence));
    if (!err && instance->wants.format != FC_IMAGE_ANY) {
        instance->converter = pixel_converter_new();
        err = instance->converter ? 0 : -ENOMEM;
    }
    if (!err) {
        *out = instance;
        instance = NULL;
    } else if (sentence[0]) {
        snprintf(why, why_size, "%s", sentence);
    }
    plugin_instance_close(&instance);
    return err;
}

void plugin_instance_close(struct plugin_instance **instance)
{
    struct plugin_instance *i = *instance;
    *instance = NULL;
    if (!i) {
        return;
    }
    if (i->is_open && i->plugin.close) {
        i->plugin.close(i->its);
    }
    pixel_converter_free(&i->converter);
    pthread_mutex_destroy(&i->log_lock);
    free(i->pixels);
    free(i);
}

/* The planes of the picture. */
static int image_borrow(struct picture *picture, struct fc_image *image)
{
    const struct picture *pixels = picture_pixels(picture);
    if (!pixels) {
        return -EINVAL;
    }
    image->format = picture_formats[pixels->format].image;
    image->width = pixels->width;
    image->height = pixels->height;
    image->is_full_range = pixels->is_full_range;
    for (unsigned i = 0; i < picture_formats[pixels->format].planes; i++) {
        image->planes[i] = pixels->planes[i].data;
        image->strides[i] = pixels->planes[i].stride;
    }
    return 0;
}

/* The side that keeps the shape of the picture. */
static uint32_t side_of_shape(uint32_t given, uint32_t picture_given, uint32_t picture_other)
{
    const uint64_t side = ((uint64_t)given * picture_other + picture_given / 2) / picture_given;
    return side < 1 ? 1 : side > PICTURE_SIDE_MAX ? PICTURE_SIDE_MAX : (uint32_t)side;
}

static uint32_t side_even(uint32_t side)
{
    return side < 2 ? 2 : side & ~1u;
}

static void size_resolve(const struct plugin_wants *wants, const struct picture *picture,
                         struct fc_image *image)
{
    image->width = wants->width;
    image->height = wants->height;
    if (wants->width == 0 && wants->height == 0) {
        image->width = picture->width;
        image->height = picture->height;
    } else if (wants->width == 0) {
        image->width = side_of_shape(wants->height, picture->height, picture->width);
    } else if (wants->height == 0) {
        image->height = side_of_shape(wants->width, picture->width, picture->height);
    }
    if (wants->format == FC_IMAGE_NV12) {
        image->width = side_even(image->width);
        image->height = side_even(image->height);
    }
}

static int pixels_reserve(struct plugin_instance *instance, size_t size)
{
    if (size <= instance->pixels_capacity) {
        return 0;
    }
    const size_t capacity = (size + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
    uint8_t *pixels = aligned_alloc(IMAGE_ALIGN, capacity);
    if (!pixels) {
        return -ENOMEM;
    }
    free(instance->pixels);
    instance->pixels = pixels;
    instance->pixels_capacity = capacity;
    return 0;
}

static int image_convert(struct plugin_instance *instance, struct picture *picture,
                         struct fc_image *image)
{
    size_resolve(&instance->wants, picture, image);
    image->format = instance->wants.format;
    image->is_full_range = true;
    const enum pixel_format format = pixel_formats[image->format];
    int err = pixels_reserve(instance, pixels_size(format, image->width, image->height));
    if (err) {
        return err;
    }
    const struct pixel_target target =
        pixel_target_packed(format, image->width, image->height, instance->pixels);
    err = pixels_convert(instance->converter, picture, NULL, &target);
    for (unsigned i = 0; i < PIXEL_PLANES_MAX; i++) {
        image->planes[i] = target.planes[i];
        image->strides[i] = target.strides[i];
    }
    return err;
}

static int on_data(struct fc_result *result, const char *json, size_t json_size)
{
    struct prediction *out = result->host;
    if (json_size > FC_PREDICTOR_DATA_MAX_BYTES) {
        return -EMSGSIZE;
    }
    char *data = malloc(json_size + 1);
    if (!data) {
        return -ENOMEM;
    }
    memcpy(data, json, json_size);
    data[json_size] = '\0';
    free(out->data);
    out->data = data;
    return 0;
}

static void objects_take(const struct plugin_instance *instance, size_t count,
                         struct prediction *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct fc_object *from = &instance->objects[i];
        struct prediction_object *to = &out->objects[i];
        memcpy(to->label, from->label, sizeof(to->label));
        to->score = from->score;
        to->x = from->x;
        to->y = from->y;
        to->width = from->width;
        to->height = from->height;
        to->track = from->track;
    }
    out->object_count = count;
}

/* What the plug-in returned, unless it broke a rule. */
static int judge(int returned, const struct fc_result *result, struct prediction *out)
{
    sentence_tame(out->why, sizeof(out->why));
    if (returned > 0) {
        snprintf(out->why, sizeof(out->why), "its look() returned %d, which is no negative errno",
                 returned);
        return -EPROTO;
    }
    if (!returned && result->object_count > FC_PREDICTOR_OBJECTS_MAX) {
        snprintf(out->why, sizeof(out->why), "it gave %u objects, and there is room for %u",
                 result->object_count, FC_PREDICTOR_OBJECTS_MAX);
        return -EPROTO;
    }
    return returned;
}

int plugin_instance_look(struct plugin_instance *instance, struct picture *picture,
                         struct prediction *out)
{
    struct fc_image image = {
        .size = sizeof(image),
        .picture_width = picture->width,
        .picture_height = picture->height,
        .seq = picture->seq,
        .captured_at_us = picture->captured_at_us,
        .captured_ns = picture->captured_ns,
        .stream = out->stream ? out->stream : "",
    };
    const int64_t begin_ns = clock_steady_ns();
    int err = instance->converter ? image_convert(instance, picture, &image)
                                  : image_borrow(picture, &image);
    out->convert_ns += clock_steady_ns() - begin_ns;
    if (err) {
        snprintf(out->why, sizeof(out->why), "%s",
                 err == -ENOMEM ? "there is no memory for its image"
                                : "the picture cannot be decoded");
        return err;
    }
    struct fc_result result = {
        .size = sizeof(result),
        .objects = instance->objects,
        .why = out->why,
        .why_size = sizeof(out->why),
        .set_data = on_data,
        .host = out,
    };
    err = judge(instance->plugin.look(instance->its, &image, &result), &result, out);
    if (!err) {
        objects_take(instance, result.object_count, out);
    }
    return err;
}
