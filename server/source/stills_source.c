/* SPDX-License-Identifier: MIT */
/*
 * Still pictures from a folder or a pattern, in natural order, one after the other at a steady rate
 * and from the beginning again. The names are read anew in each round, so pictures may come and go.
 * A JPEG is handed on byte for byte; anything else is decoded.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "picture/jpeg_check.h"
#include "source/libav.h"
#include "source/natural.h"
#include "source/source_impl.h"
#include "source/spec.h"

#define NAMES_MAX (1024 * 1024)

struct stills {
    const struct source_options *options;
    char label[SPEC_LABEL_SIZE];
    int64_t interval_ns, due_ns;
    char **names; /* owned; NULL while closed */
    size_t count, capacity, next;
    size_t readable; /* in this round */
};

static int stills_make(void **instance, const struct source_options *options, char *why,
                       size_t why_size)
{
    (void)why;
    (void)why_size;
    struct stills *stills = calloc(1, sizeof(*stills));
    if (!stills) {
        return -ENOMEM;
    }
    stills->options = options;
    stills->interval_ns = (int64_t)((double)NS_PER_S / (options->fps > 0 ? options->fps : 1.0));
    spec_label(options->spec, stills->label);
    *instance = stills;
    return 0;
}

static void stills_close(void *instance)
{
    struct stills *stills = instance;
    for (size_t i = 0; i < stills->count; i++) {
        free(stills->names[i]);
    }
    free(stills->names);
    stills->names = NULL;
    stills->count = stills->capacity = stills->next = 0;
}

static int names_add(struct stills *stills, const char *folder, const char *name)
{
    if (stills->count == NAMES_MAX) {
        return -E2BIG;
    }
    if (stills->count == stills->capacity) {
        const size_t capacity = stills->capacity * 2 + 64;
        char **grown = realloc(stills->names, capacity * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        stills->names = grown;
        stills->capacity = capacity;
    }
    char *path = NULL;
    const int len = folder ? asprintf(&path, "%s/%s", folder, name) : asprintf(&path, "%s", name);
    if (len < 0) {
        return -ENOMEM;
    }
    stills->names[stills->count++] = path;
    return 0;
}

static int names_from_folder(struct stills *stills, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        return -errno;
    }
    int err = 0;
    for (const struct dirent *entry = readdir(dir); entry && !err; entry = readdir(dir)) {
        if (entry->d_name[0] != '.' && spec_is_picture_name(entry->d_name)) {
            err = names_add(stills, folder, entry->d_name);
        }
    }
    closedir(dir);
    return err;
}

static int names_from_pattern(struct stills *stills, const char *pattern)
{
    glob_t found = { .gl_pathc = 0 };
    int err = 0;
    switch (glob(pattern, GLOB_NOSORT, NULL, &found)) {
    case 0:
        break;
    case GLOB_NOSPACE:
        err = -ENOMEM;
        break;
    default:
        err = -ENOENT;
        break;
    }
    for (size_t i = 0; i < found.gl_pathc && !err; i++) {
        err = names_add(stills, NULL, found.gl_pathv[i]);
    }
    globfree(&found);
    return err;
}

static int names_order(const void *a, const void *b)
{
    const char *const *a_name = a;
    const char *const *b_name = b;
    return natural_compare(*a_name, *b_name);
}

/* Read the names anew. */
static int names_read(struct stills *stills)
{
    const char *spec = stills->options->spec;
    struct stat status;
    stills_close(stills);
    int err = 0;
    if (stat(spec, &status) == 0) {
        err = S_ISDIR(status.st_mode) ? names_from_folder(stills, spec)
                                      : names_add(stills, NULL, spec);
    } else if (strpbrk(spec, "*?[")) {
        err = names_from_pattern(stills, spec);
    } else {
        err = -errno;
    }
    if (err) {
        stills_close(stills);
        return err;
    }
    if (stills->count > 1) {
        qsort(stills->names, stills->count, sizeof(stills->names[0]), names_order);
    }
    stills->readable = 0;
    return stills->count > 0 ? 0 : -ENODATA;
}

static int stills_open(void *instance, const struct stop *stop, char *why, size_t why_size)
{
    (void)stop;
    struct stills *stills = instance;
    const int err = names_read(stills);
    if (err == -ENODATA) {
        snprintf(why, why_size, "there is no picture in '%s'; JPEG, PNG, WebP, TIFF, BMP will do",
                 stills->label);
    } else if (err == -ENOENT && strpbrk(stills->options->spec, "*?[")) {
        snprintf(why, why_size, "no file is named like '%s'", stills->label);
    } else if (err) {
        snprintf(why, why_size, "cannot open '%s': %s", stills->label, strerror(-err));
    }
    stills->due_ns = clock_steady_ns();
    return err;
}

/* The whole file, if it is a JPEG of a size that is allowed. */
static int jpeg_read(int fd, size_t size, struct picture **out, const char **error)
{
    uint8_t *data = malloc(size);
    if (!data) {
        return -ENOMEM;
    }
    size_t len = 0;
    while (len < size) {
        const ssize_t count = pread(fd, data + len, size - len, (off_t)len);
        if (count <= 0) {
            break;
        }
        len += (size_t)count;
    }
    uint32_t width, height;
    size_t bytes;
    *error = jpeg_check((struct fc_bytes){ .data = data, .size = len }, &width, &height, &bytes);
    struct picture *picture = *error ? NULL : picture_new_jpeg(data, bytes, width, height);
    free(data);
    if (*error) {
        return SOURCE_CORRUPT;
    }
    if (!picture) {
        return -ENOMEM;
    }
    *out = picture;
    return 0;
}

static int still_corrupt(const char *path, const char *error, char *why, size_t why_size)
{
    snprintf(why, why_size, "'%s': %s", path, error);
    return SOURCE_CORRUPT;
}

static int still_read(const char *path, const struct stop *stop, struct picture **out, char *why,
                      size_t why_size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return still_corrupt(path, strerror(errno), why, why_size);
    }
    struct stat status;
    uint8_t head[2] = { 0 };
    const char *error = NULL;
    int err = 0;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        err = still_corrupt(path, "it is not a file", why, why_size);
    } else if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head)) {
        err = still_corrupt(path, "the file is empty", why, why_size);
    } else if (status.st_size > PICTURE_JPEG_MAX_BYTES) {
        err = still_corrupt(path, "the file is larger than 32 MiB", why, why_size);
    } else if (head[0] == 0xff && head[1] == 0xd8) {
        err = jpeg_read(fd, (size_t)status.st_size, out, &error);
        if (error) {
            err = still_corrupt(path, error, why, why_size);
        }
    } else {
        err = libav_still(path, stop, out, why, why_size);
    }
    close(fd);
    return err;
}

/* The last of a round has been read: begin the next, if any could be read. */
static int round_end(struct stills *stills, char *why, size_t why_size)
{
    if (stills->readable == 0) {
        snprintf(why, why_size, "none of the %zu pictures in '%s' can be read", stills->count,
                 stills->label);
        return -EINVAL;
    }
    if (stills->options->is_once) {
        snprintf(why, why_size, "'%s' has been shown to its end", stills->label);
        return SOURCE_END;
    }
    const int err = names_read(stills);
    if (err) {
        snprintf(why, why_size, "there are no more pictures in '%s'", stills->label);
    }
    return err;
}

static int stills_read(void *instance, const struct stop *stop, struct picture **out, char *why,
                       size_t why_size)
{
    struct stills *stills = instance;
    if (stills->next == stills->count) {
        const int err = round_end(stills, why, why_size);
        if (err) {
            return err;
        }
    }
    const int64_t now_ns = clock_steady_ns();
    if (!stills->options->is_fast && stop_wait(stop, -1, stills->due_ns) == STOP_WAKE_STOPPED) {
        return 0;
    }
    const int err = still_read(stills->names[stills->next++], stop, out, why, why_size);
    if (err == 0 && *out) {
        stills->readable++;
        stills->due_ns = (stills->due_ns < now_ns ? now_ns : stills->due_ns) + stills->interval_ns;
    }
    return err;
}

static void stills_free(void **instance)
{
    struct stills *stills = *instance;
    *instance = NULL;
    if (stills) {
        stills_close(stills);
        free(stills);
    }
}

const struct source_kind stills_kind = {
    .name = "folder",
    .matches = spec_is_stills,
    .make = stills_make,
    .open = stills_open,
    .read = stills_read,
    .close = stills_close,
    .free = stills_free,
};
