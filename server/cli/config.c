/* SPDX-License-Identifier: MIT */
#include "cli/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <framecast/attr.h>

/* From operands to streams: NAME=SOURCE is told from a source that merely contains a '='. */

#define FIRST_NAME "cam"

/* Where a sentence goes. */
struct sentence {
    char *text;
    size_t size;
};

static FC_PRINTF(2, 3) int fail(struct sentence why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why.text, why.size, format, args);
    va_end(args);
    return -EINVAL;
}

static const struct cli_stream *find_stream(const struct cli_serve *serve, const char *name)
{
    for (unsigned i = 0; i < serve->stream_count; i++) {
        if (strcmp(serve->streams[i].name, name) == 0) {
            return &serve->streams[i];
        }
    }
    return NULL;
}

/* "cam", then "cam2" and so on: the n-th unnamed source, or the next that is free. */
static void name_make(const struct cli_serve *serve, unsigned *unnamed_count,
                      char name[STREAM_NAME_MAX + 1])
{
    do {
        ++*unnamed_count;
        if (*unnamed_count == 1) {
            memcpy(name, FIRST_NAME, sizeof(FIRST_NAME));
        } else {
            snprintf(name, STREAM_NAME_MAX + 1, FIRST_NAME "%u", *unnamed_count);
        }
    } while (find_stream(serve, name)); /* at most CLI_STREAMS_MAX names are taken */
}

/* The length of NAME in NAME=SOURCE, 0 for a source alone, or -EINVAL. */
static int name_measure(const char *operand, struct sentence why)
{
    const size_t len = strcspn(operand, "=");
    if (operand[len] == '\0' || stream_name_is_valid(operand, len)) {
        return operand[len] == '\0' ? 0 : (int)len;
    }
    /* An address or a path, such as http://x/?a=b. */
    if (strcspn(operand, "/:.?*") < len) {
        return 0;
    }
    return fail(why,
                "stream name '%.*s': must be 1 to %d letters, digits, '-' or '_'; a file of such a "
                "name is written with ./ before it",
                len < 80 ? (int)len : 80, operand, STREAM_NAME_MAX);
}

/* Named streams first, so that an unnamed one does not take a name that somebody asked for. */
static int named_add(struct cli_serve *serve, const struct option_list *operands,
                     struct sentence why)
{
    for (unsigned i = 0; i < operands->count; i++) {
        struct cli_stream *stream = &serve->streams[serve->stream_count];
        const char *operand = operands->item[i];
        const int len = name_measure(operand, why);
        if (len < 0) {
            return len;
        }
        char name[STREAM_NAME_MAX + 1] = { 0 };
        memcpy(name, operand, (size_t)len);
        stream->source = len > 0 ? operand + len + 1 : operand;
        if (len > 0 && find_stream(serve, name)) {
            return fail(why, "stream '%s' is given twice; give each source a name of its own",
                        name);
        }
        if (stream->source[0] == '\0') {
            return fail(why, "'%.80s': the source is missing; write NAME=SOURCE", operand);
        }
        memcpy(stream->name, name, sizeof(name));
        serve->stream_count++;
    }
    return 0;
}

static int serve_resolve(struct cli_serve *serve, const struct option_list *operands,
                         struct sentence why)
{
    if (operands->count == 0) {
        return fail(why, "no source is given; try: framecast test, framecast clip.mp4, "
                         "framecast /dev/video0 (see framecast --help)");
    }
    const int err = named_add(serve, operands, why);
    if (err) {
        return err;
    }
    unsigned unnamed_count = 0;
    for (unsigned i = 0; i < serve->stream_count; i++) {
        if (serve->streams[i].name[0] == '\0') {
            char name[STREAM_NAME_MAX + 1];
            name_make(serve, &unnamed_count, name);
            memcpy(serve->streams[i].name, name, sizeof(name));
        }
    }
    return 0;
}

static int watch_resolve(struct cli_watch *watch, const struct option_list *operands,
                         struct sentence why)
{
    if (operands->count != 1) {
        return fail(why, "watch takes one address, %s; try: framecast watch ws://127.0.0.1:8765",
                    operands->count == 0 ? "none was given" : "more were given");
    }
    watch->url = operands->item[0];
    for (unsigned i = 0; i < watch->streams.count; i++) {
        const char *name = watch->streams.item[i];
        if (!stream_name_is_valid(name, strlen(name))) {
            return fail(why, "--stream %.80s: must be 1 to %d letters, digits, '-' or '_'", name,
                        STREAM_NAME_MAX);
        }
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(watch->streams.item[j], name) == 0) {
                return fail(why, "--stream %s is given twice", name);
            }
        }
    }
    if (watch->is_without_predictions && !watch->save && !watch->has_stats) {
        return fail(why, "--no-predictions leaves nothing to do; add --save DIR or --stats");
    }
    return 0;
}

static int bench_resolve(struct cli_bench *bench, const struct option_list *operands,
                         struct sentence why)
{
    static const char *const modes[] = { "upload", "fanout", "echo", "idle" };
    const int mode_count = sizeof(modes) / sizeof(modes[0]);
    if (operands->count != 2) {
        return fail(why, "bench takes a mode and an address; try: framecast bench echo "
                         "ws://127.0.0.1:8765/");
    }
    int mode = 0;
    while (mode < mode_count && strcmp(operands->item[0], modes[mode]) != 0) {
        mode++;
    }
    if (mode == mode_count) {
        return fail(why, "mode '%.80s': must be upload, fanout, echo or idle", operands->item[0]);
    }
    bench->mode = (enum cli_bench_mode)mode;
    bench->url = operands->item[1];
    if (bench->mode == CLI_BENCH_ECHO &&
        (bench->size < 8 || bench->size > CLI_BENCH_TIMED_MAX_BYTES)) {
        return fail(why, "--size: a message that is echoed has 8 to %d bytes",
                    CLI_BENCH_TIMED_MAX_BYTES);
    }
    return 0;
}

int config_resolve(struct cli_config *config, const struct option_list *operands, char *why,
                   size_t why_size)
{
    const struct sentence sentence = { why, why_size };
    switch (config->command) {
    case CLI_SERVE:
        return serve_resolve(&config->serve, operands, sentence);
    case CLI_WATCH:
        return watch_resolve(&config->watch, operands, sentence);
    case CLI_BENCH:
        return bench_resolve(&config->bench, operands, sentence);
    case CLI_COMMAND_COUNT:
        break;
    }
    return -EINVAL;
}
