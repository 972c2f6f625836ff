/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <framecast/predictor.h>

/*
 * A plug-in that breaks the rules as its option says: naughty.so?do=DEED. Without, it behaves. It
 * says what it was given, so that a test can compare.
 */

struct naughty {
    void (*deed)(const struct fc_image *image, struct fc_result *result);
    int (*judge)(unsigned count); /* what look() returns */
    unsigned count;               /* of looks */
    struct fc_predictor_start start;
};

static int good(unsigned count)
{
    (void)count;
    return 0;
}

static int fails_each_third(unsigned count)
{
    return count % 3 == 0 ? -EIO : 0;
}

static int lost_at_the_fifth(unsigned count)
{
    return count == 5 ? -EPIPE : 0;
}

static int returns_one(unsigned count)
{
    (void)count;
    return 1;
}

static void nothing(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    (void)result;
}

static void no_number(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    result->objects[0].width = NAN;
}

static void no_end_of_label(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    memset(result->objects[0].label, 'x', sizeof(result->objects[0].label));
}

static void outside(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    result->objects[0].x = 1.5f;
}

static void too_many(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    result->object_count = FC_PREDICTOR_OBJECTS_MAX + 1;
}

static void no_json(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    (void)!result->set_data(result, "{\"a\":", 5);
}

static void writes(const struct fc_image *image, struct fc_result *result)
{
    (void)result;
    union {
        const uint8_t *in;
        uint8_t *out;
    } plane = { image->planes[0] };
    plane.out[0] ^= 1;
}

static void sleeps(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    (void)result;
    nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
}

static void hangs(const struct fc_image *image, struct fc_result *result)
{
    (void)image;
    (void)result;
    for (;;) {
        pause();
    }
}

static void leaks(const struct fc_image *image, struct fc_result *result)
{
    (void)result;
    if (image->seq % 8 == 0) {
        (void)!dup(STDERR_FILENO);
    }
}

static void small_pictures_fail(const struct fc_image *image, struct fc_result *result)
{
    if (image->width < 16) {
        snprintf(result->why, result->why_size, "%ux%u is \"too small\"\n", image->width,
                 image->height);
    }
}

static const struct {
    const char *name;
    void (*deed)(const struct fc_image *image, struct fc_result *result);
    int (*judge)(unsigned count);
} deeds[] = {
    { "third", nothing, fails_each_third },
    { "lost", nothing, lost_at_the_fifth },
    { "one", nothing, returns_one },
    { "nan", no_number, good },
    { "label", no_end_of_label, good },
    { "outside", outside, good },
    { "many", too_many, good },
    { "json", no_json, good },
    { "writes", writes, good },
    { "sleeps", sleeps, good },
    { "hangs", hangs, good },
    { "leaks", leaks, good },
    { "small", small_pictures_fail, good },
};

static int deed_choose(struct naughty *naughty, struct fc_predictor_start *start)
{
    const char *name = fc_predictor_option(start->options, "do");
    naughty->deed = nothing;
    naughty->judge = good;
    if (!name) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        const size_t length = strlen(deeds[i].name);
        if (strncmp(name, deeds[i].name, length) == 0 && strchr("&", name[length])) {
            naughty->deed = deeds[i].deed;
            naughty->judge = deeds[i].judge;
            return 0;
        }
    }
    snprintf(start->why, start->why_size, "there is no \"%s\"", name);
    return -EINVAL;
}

static uint32_t number(const struct fc_predictor_start *start, const char *key)
{
    const char *value = fc_predictor_option(start->options, key);
    return value ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

/* Whether open() may go on: the first so many do not, nor does it with signals if it is strict. */
static int conditions_check(struct fc_predictor_start *start)
{
    static _Atomic uint32_t count;
    if (atomic_fetch_add(&count, 1) < number(start, "later")) {
        snprintf(start->why, start->why_size, "the camera is not there yet");
        return -ENODEV;
    }
    if (fc_predictor_option(start->options, "mute")) {
        return -EINVAL;
    }
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    if (fc_predictor_option(start->options, "strict") && !sigismember(&mask, SIGTERM)) {
        snprintf(start->why, start->why_size, "signals are not blocked");
        return -EINVAL;
    }
    return 0;
}

static int open_it(void **instance, struct fc_predictor_start *start)
{
    struct naughty *naughty = calloc(1, sizeof(*naughty));
    if (!naughty) {
        return -ENOMEM;
    }
    int err = deed_choose(naughty, start);
    err = err ? err : conditions_check(start);
    if (err) {
        free(naughty);
        return err;
    }
    start->format = number(start, "format");
    start->width = number(start, "width");
    start->height = number(start, "height");
    naughty->start = *start;
    for (uint32_t i = number(start, "lines"); i > 0; i--) {
        start->log(start->host, FC_PREDICTOR_WARN, start->stream);
    }
    *instance = naughty;
    return 0;
}

static int look(void *instance, const struct fc_image *image, struct fc_result *result)
{
    struct naughty *naughty = instance;
    naughty->count++;
    result->objects[0] = (struct fc_object){
        .label = "corner",
        .score = (float)image->planes[0][0] / 255.0f,
        .width = 1,
        .height = 1,
        .track = image->format,
    };
    result->object_count = 1;
    char json[256];
    const int size =
        snprintf(json, sizeof(json), "[%u, %u, %u, %u, %d, \"%s\"]", image->width, image->height,
                 image->picture_width, image->picture_height, image->is_full_range, image->stream);
    int err = result->set_data(result, json, (size_t)size);
    if (!err) {
        naughty->deed(image, result);
        err = result->why[0] ? -ERANGE : naughty->judge(naughty->count);
    }
    return err;
}

static void close_it(void *instance)
{
    struct naughty *naughty = instance;
    naughty->start.log(naughty->start.host, FC_PREDICTOR_INFO, "good \"bye\"\n");
    free(naughty);
}

const struct fc_predictor *fc_predictor_get(void)
{
    static const struct fc_predictor plugin = {
        .size = sizeof(plugin),
        .abi = FC_PREDICTOR_ABI,
        .name = "naughty",
        .parallel_max = 3,
        .open = open_it,
        .look = look,
        .close = close_it,
    };
    return &plugin;
}
