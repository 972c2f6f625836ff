/* SPDX-License-Identifier: MIT */
#include "predict/plugin_load.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "encode/pixels.h"
#include "predict/predictor_impl.h"

#define SYMBOL "fc_predictor_get"

/* What the first version of the struct ends with. Members that came later are zero where missing.
 */
#define SIZE_MIN (offsetof(struct fc_predictor, close) + sizeof(void (*)(void *)))

_Static_assert(FC_PREDICTOR_OBJECTS_MAX == PREDICTION_OBJECTS_MAX, "as many objects");
_Static_assert(FC_PREDICTOR_LABEL_SIZE == PREDICTION_LABEL_SIZE, "labels of one size");

const char *plugin_options(const char *spec)
{
    const char *mark = strchr(spec, '?');
    return mark ? mark + 1 : "";
}

static size_t path_length(const char *spec)
{
    return strcspn(spec, "?");
}

/* "exec:worker.so" is of another kind; "./a:b.so" is a file. */
static bool has_scheme(const char *spec)
{
    const size_t letters = strspn(spec, "abcdefghijklmnopqrstuvwxyz");
    return letters > 0 && spec[letters] == ':';
}

bool plugin_is_named(const char *spec)
{
    const size_t length = path_length(spec);
    const size_t suffix = strlen(PLUGIN_SUFFIX);
    return length > suffix && !has_scheme(spec) &&
           strncmp(spec + length - suffix, PLUGIN_SUFFIX, suffix) == 0;
}

const char *plugin_wants_fault(const struct plugin_wants *wants)
{
    if (wants->format > FC_IMAGE_NV12) {
        return "it asks for a format other than ANY, GRAY8, RGB24, BGR24 and NV12";
    }
    if (wants->width > PICTURE_SIDE_MAX || wants->height > PICTURE_SIDE_MAX) {
        return "it asks for images larger than 16384 pixels on a side";
    }
    if (wants->format == FC_IMAGE_ANY && (wants->width | wants->height) > 0) {
        return "it asks for pictures as they are, and for a size";
    }
    if (wants->format == FC_IMAGE_NV12 && ((wants->width | wants->height) & 1) > 0) {
        return "it asks for NV12 with an odd side";
    }
    return NULL;
}

static bool is_name(const char *name)
{
    size_t length = 0;
    while (length < PREDICTOR_NAME_SIZE && isprint((unsigned char)name[length])) {
        length++;
    }
    return length > 0 && length < PREDICTOR_NAME_SIZE && name[length] == '\0';
}

/* What is wrong with a plug-in of our ABI, or NULL. */
static const char *fault_of(const struct fc_predictor *plugin)
{
    if (!plugin->name || !is_name(plugin->name)) {
        return "its name is not 1 to 63 printable characters";
    }
    if (!plugin->look) {
        return "it has no look()";
    }
    return plugin_wants_fault(&(struct plugin_wants){
        .format = plugin->format, .width = plugin->width, .height = plugin->height });
}

int plugin_accept(struct fc_predictor *out, const struct fc_predictor *given, const char *path,
                  char *why, size_t why_size)
{
    if (!given) {
        snprintf(why, why_size, "the plug-in '%s' gives nothing: " SYMBOL "() returned NULL", path);
        return -EPROTO;
    }
    if (given->size < offsetof(struct fc_predictor, name)) {
        snprintf(why, why_size, "the plug-in '%s' has a struct fc_predictor without a size", path);
        return -EPROTO;
    }
    if (given->abi != FC_PREDICTOR_ABI) {
        snprintf(why, why_size,
                 "the plug-in '%s' was made for ABI %u, and this program has ABI %u: compile it "
                 "with this program's framecast/predictor.h",
                 path, given->abi, FC_PREDICTOR_ABI);
        return -EPROTO;
    }
    if (given->size < SIZE_MIN) {
        snprintf(why, why_size,
                 "the plug-in '%s' has a struct fc_predictor of %u bytes, and %zu are needed", path,
                 given->size, SIZE_MIN);
        return -EPROTO;
    }
    struct fc_predictor plugin = { .size = 0 };
    memcpy(&plugin, given, given->size < sizeof(plugin) ? given->size : sizeof(plugin));
    const char *fault = fault_of(&plugin);
    if (fault) {
        snprintf(why, why_size, "the plug-in '%s' cannot be used: %s", path, fault);
        return -EPROTO;
    }
    *out = plugin;
    return 0;
}

/* The path of a spec, with a slash in it, so that it is searched for nowhere. */
static int path_of(const char *spec, char *path, size_t path_size)
{
    const size_t length = path_length(spec);
    const char *here = memchr(spec, '/', length) ? "" : "./";
    const int size = snprintf(path, path_size, "%s%.*s", here, (int)length, spec);
    return size < 0 || (size_t)size >= path_size ? -ENAMETOOLONG : 0;
}

/* The linker's words, which begin with the path. */
static const char *linker_words(const char *path)
{
    const char *words = dlerror();
    const size_t length = strlen(path);
    if (words && strncmp(words, path, length) == 0 && strncmp(words + length, ": ", 2) == 0) {
        words += length + 2;
    }
    return words ? words : "the linker does not say why";
}

static int symbol_find(void *library, const struct fc_predictor *(**out)(void))
{
    void *symbol = dlsym(library, SYMBOL);
    if (!symbol) {
        return -ENOEXEC;
    }
    memcpy(out, &symbol, sizeof(*out)); /* ISO C has no cast for it, POSIX has the same size */
    return 0;
}

int plugin_load(struct fc_predictor *out, const char *spec, char *why, size_t why_size)
{
    char path[PATH_MAX];
    if (path_of(spec, path, sizeof(path)) != 0) {
        snprintf(why, why_size, "the plug-in's path is longer than %d bytes", PATH_MAX - 1);
        return -ENAMETOOLONG;
    }
    if (access(path, R_OK) != 0) {
        const int err = -errno;
        snprintf(why, why_size, "the plug-in '%s' cannot be read: %s", path, strerror(-err));
        return err;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(why, why_size, "the plug-in '%s' cannot be loaded: %s", path, linker_words(path));
        return -ENOEXEC;
    }
    const struct fc_predictor *(*get)(void) = NULL;
    int err = symbol_find(library, &get);
    if (err) {
        snprintf(why, why_size, "'%s' is no plug-in: it does not export " SYMBOL "()", path);
    } else {
        err = plugin_accept(out, get(), path, why, why_size);
    }
    if (err) {
        dlclose(library);
    }
    return err;
}
