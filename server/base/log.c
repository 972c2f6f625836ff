/* SPDX-License-Identifier: MIT */
/*
 * The settings are the program's only global: they are written once, before there are threads.
 * Each line leaves in one write(), so lines of different threads do not mix.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define MODULE_MAX 24
#define MODULES_MAX 32

struct module_level {
    char module[MODULE_MAX];
    enum log_level level;
};

struct settings {
    enum log_level level;
    struct module_level modules[MODULES_MAX];
    unsigned module_count;
};

static struct settings settings = { .level = LOG_INFO };

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn",   [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug", [LOG_TRACE] = "trace",
};

static bool level_parse(const char *text, size_t len, enum log_level *out)
{
    for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strlen(level_names[i]) == len && memcmp(level_names[i], text, len) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* One item of the list: "debug" or "net=debug". */
static bool item_parse(struct settings *into, const char *item, size_t len)
{
    const char *equals = memchr(item, '=', len);
    if (!equals) {
        return level_parse(item, len, &into->level);
    }

    const size_t name_len = (size_t)(equals - item);
    if (name_len == 0 || name_len >= MODULE_MAX || into->module_count == MODULES_MAX) {
        return false;
    }
    struct module_level *module = &into->modules[into->module_count];
    if (!level_parse(equals + 1, len - name_len - 1, &module->level)) {
        return false;
    }
    memcpy(module->module, item, name_len);
    module->module[name_len] = '\0';
    into->module_count++;
    return true;
}

bool log_configure(const char *spec)
{
    struct settings parsed = { .level = LOG_INFO };
    for (;;) {
        const size_t len = strcspn(spec, ",");
        if (!item_parse(&parsed, spec, len)) {
            return false;
        }
        if (spec[len] == '\0') {
            break;
        }
        spec += len + 1;
    }
    settings = parsed;
    return true;
}

bool log_enabled(enum log_level level, const char *module)
{
    for (unsigned i = 0; i < settings.module_count; i++) {
        if (strcmp(settings.modules[i].module, module) == 0) {
            return level <= settings.modules[i].level;
        }
    }
    return level <= settings.level;
}

/* What came from outside cannot break a line or colour a terminal. */
static void line_clean(char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
}

static void line_write(const char *line, size_t len)
{
    while (len > 0) {
        const ssize_t written = write(STDERR_FILENO, line, len);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return; /* there is nobody left to tell */
        }
        line += written;
        len -= (size_t)written;
    }
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
    if (!log_enabled(level, module)) {
        return;
    }

    const int saved = errno;
    char line[LINE_MAX_BYTES];
    const size_t room = sizeof(line) - 1; /* for the line's end */
    const int head = snprintf(line, room, "%s %s: ", level_names[level], module);
    size_t len = head > 0 ? (size_t)head : 0;
    if (len < room) {
        va_list args;
        va_start(args, format);
        const int body = vsnprintf(line + len, room - len, format, args);
        va_end(args);
        len += body > 0 ? (size_t)body : 0;
    }
    if (len >= room) {
        len = room - 1; /* without the zero that cut it short */
    }
    line_clean(line, len);
    line[len++] = '\n';
    line_write(line, len);
    errno = saved;
}
