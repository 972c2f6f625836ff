/* SPDX-License-Identifier: MIT */
#include "predict/worker_spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NAME "exec"
#define START_NS (10 * NS_PER_S)
#define DEADLINE_NS (2 * NS_PER_S)

enum spec_option { OPTION_COPIES, OPTION_START, OPTION_DEADLINE, OPTION_COUNT };

static const struct {
    const char *name;
    double min, max;
} options[OPTION_COUNT] = {
    [OPTION_COPIES] = { "copies", 1, WORKER_COPIES_MAX },
    [OPTION_START] = { "start", 0.1, 3600 },
    [OPTION_DEADLINE] = { "deadline", 0.01, 600 },
};

bool worker_spec_matches(const char *spec)
{
    const size_t len = strlen(NAME);
    return strncmp(spec, NAME, len) == 0 && (spec[len] == ':' || spec[len] == ',');
}

static enum spec_option option_find(const char *name, size_t len)
{
    enum spec_option found = 0;
    while (found < OPTION_COUNT &&
           (strlen(options[found].name) != len || strncmp(options[found].name, name, len) != 0)) {
        found++;
    }
    return found;
}

static bool option_apply(struct worker_spec *spec, enum spec_option option, double value)
{
    if (!(value >= options[option].min && value <= options[option].max)) {
        return false;
    }
    switch (option) {
    case OPTION_COPIES:
        spec->copies = (unsigned)value;
        return spec->copies == value;
    case OPTION_START:
        spec->start_ns = (int64_t)(value * (double)NS_PER_S);
        return true;
    case OPTION_DEADLINE:
        spec->deadline_ns = (int64_t)(value * (double)NS_PER_S);
        return true;
    case OPTION_COUNT:
        break;
    }
    return false;
}

/* NAME=VALUE up to a comma or a colon, where it leaves *text. */
static bool option_parse(struct worker_spec *spec, const char **text, char *why, size_t why_size)
{
    const char *name = *text;
    const size_t name_len = strcspn(name, "=,:");
    const enum spec_option option = option_find(name, name_len);
    if (option == OPTION_COUNT || name[name_len] != '=') {
        snprintf(why, why_size,
                 "'%.*s' is no option of a worker: exec,copies=N,start=SECONDS,deadline=SECONDS:"
                 "COMMAND",
                 (int)(name_len < 32 ? name_len : 32), name);
        return false;
    }
    const char *digits = name + name_len + 1;
    char *end = NULL;
    const double value = strtod(digits, &end);
    const bool is_number = *digits >= '0' && *digits <= '9' && (*end == ',' || *end == ':');
    if (!is_number || !option_apply(spec, option, value)) {
        snprintf(why, why_size, "a worker's %s goes from %g to %g: '%.*s' does not",
                 options[option].name, options[option].min, options[option].max,
                 (int)strcspn(digits, ",:") % 32, digits);
        return false;
    }
    *text = end;
    return true;
}

bool worker_spec_parse(struct worker_spec *out, const char *spec, char *why, size_t why_size)
{
    *out = (struct worker_spec){
        .command = "",
        .copies = 1,
        .start_ns = START_NS,
        .deadline_ns = DEADLINE_NS,
    };
    struct worker_spec parsed = *out;
    const char *text = spec + strlen(NAME);
    while (*text == ',') {
        text++;
        if (!option_parse(&parsed, &text, why, why_size)) {
            return false;
        }
    }
    if (*text == ':') {
        text++;
    }
    if (text[strspn(text, " \t")] == '\0') {
        snprintf(why, why_size,
                 "the command is missing: exec:COMMAND, as in "
                 "'exec:python3 worker.py'");
        return false;
    }
    parsed.command = text;
    *out = parsed;
    return true;
}
