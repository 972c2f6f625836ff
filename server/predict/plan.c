/* SPDX-License-Identifier: MIT */
#include "predict/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SIZE 128
#define FPS_MAX 1000

static const char name_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

static bool name_read(char name[PLAN_NAME_SIZE], const char *value)
{
    const size_t size = strlen(value);
    if (size == 0 || size >= PLAN_NAME_SIZE || value[strspn(value, name_letters)] != '\0') {
        return false;
    }
    memcpy(name, value, size + 1);
    return true;
}

/* A finite number, and what follows it. */
static bool number_read(const char *text, double *out, const char **rest)
{
    char *end = NULL;
    *out = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*out);
}

static bool read_name(struct plan *plan, const char *value)
{
    return name_read(plan->name, value);
}

static bool read_after(struct plan *plan, const char *value)
{
    return name_read(plan->after, value);
}

static bool read_stream(struct plan *plan, const char *value)
{
    return name_read(plan->stream, value);
}

static bool read_fps(struct plan *plan, const char *value)
{
    const char *rest = "";
    return number_read(value, &plan->max_fps, &rest) && *rest == '\0' && plan->max_fps >= 0.001 &&
           plan->max_fps <= FPS_MAX;
}

static bool read_width(struct plan *plan, const char *value)
{
    char *end = NULL;
    const long width = strtol(value, &end, 10);
    plan->width = (uint32_t)width;
    return end != value && *end == '\0' && width >= 16 && width <= PICTURE_SIDE_MAX;
}

static bool read_region(struct plan *plan, const char *value)
{
    double sides[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        const char *rest = "";
        if (!number_read(value, &sides[i], &rest) || sides[i] < 0 || sides[i] > 1 ||
            *rest != (i < 3 ? '/' : '\0')) {
            return false;
        }
        value = rest + 1;
    }
    plan->region =
        (struct view_region){ (float)sides[0], (float)sides[1], (float)sides[2], (float)sides[3] };
    return sides[2] > 0 && sides[3] > 0 && sides[0] + sides[2] <= 1.0001 &&
           sides[1] + sides[3] <= 1.0001;
}

static bool read_all(struct plan *plan, const char *value)
{
    plan->sees_all = true;
    return value[0] == '\0';
}

static bool read_tracks(struct plan *plan, const char *value)
{
    plan->tracks = true;
    return value[0] == '\0';
}

static const struct {
    const char *key;
    bool (*read)(struct plan *plan, const char *value);
    const char *form;
} rows[] = {
    { "name", read_name, "name=WORD: letters, digits, '-', '_' or '.', at most 63" },
    { "stream", read_stream, "stream=NAME, the name of a stream" },
    { "after", read_after, "after=NAME, of a predictor that is given before it" },
    { "fps", read_fps, "fps=N, from 0.001 to 1000 pictures a second" },
    { "region", read_region, "region=X/Y/WIDTH/HEIGHT, fractions of the picture from 0 to 1" },
    { "width", read_width, "width=PX, from 16 to 16384" },
    { "all", read_all, "all, without a value" },
    { "tracks", read_tracks, "tracks, without a value" },
};
enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static FC_PRINTF(3, 4) bool fail(char *why, size_t why_size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, why_size, format, args);
    va_end(args);
    return false;
}

/* One "key=value" or "key". */
static bool read_one(struct plan *plan, char *text, char *why, size_t why_size)
{
    char *value = strchr(text, '=');
    if (value) {
        *value++ = '\0';
    }
    for (int i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].key, text) == 0) {
            return rows[i].read(plan, value ? value : "") ||
                   fail(why, why_size, "predictor '[%s%s%.64s]': must be %s", text,
                        value ? "=" : "", value ? value : "", rows[i].form);
        }
    }
    return fail(why, why_size,
                "predictor '[%.64s]': there is no such setting; there are name, stream, after, "
                "fps, region, width, all and tracks",
                text);
}

bool plan_parse(struct plan *out, const char *text, char *why, size_t why_size)
{
    *out = (struct plan){ .spec = text };
    if (text[0] != '[') {
        return true;
    }
    const char *end = strchr(text, ']');
    if (!end) {
        return fail(why, why_size, "predictor '%.64s': the ']' is missing", text);
    }
    for (const char *at = text + 1; at < end;) {
        char one[VALUE_SIZE];
        const size_t size = strcspn(at, ",]");
        if (size >= sizeof(one)) {
            return fail(why, why_size, "predictor '%.64s': a setting is too long", text);
        }
        memcpy(one, at, size);
        one[size] = '\0';
        if (!read_one(out, one, why, why_size)) {
            return false;
        }
        at += size + 1;
    }
    out->spec = end + 1;
    if (out->after[0] && out->region.width > 0) {
        return fail(why, why_size,
                    "predictor '%.64s': region and after cannot be asked for together: it is shown "
                    "what the other has found, which may have a region",
                    text);
    }
    return true;
}
