/* SPDX-License-Identifier: MIT */
#include "predict/onnx_runtime.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define API_VERSION 14 /* has all that is used here */
#define VARIABLE "FRAMECAST_ONNXRUNTIME"
#define PATH_SIZE 512

#ifdef __aarch64__
#define NODE_ARCHITECTURE "arm64"
#else
#define NODE_ARCHITECTURE "x64"
#endif
#define NODE_LIBRARY \
    "node_modules/onnxruntime-node/bin/napi-v3/linux/" NODE_ARCHITECTURE "/libonnxruntime.so*"

/* The only symbol of the library that is needed. */
struct api_base {
    const void *(*get_api)(uint32_t version);
    const char *(*version)(void);
};

typedef void any_function(void);

/* Places in the runtime's table, in the order of its header. */
static const struct {
    size_t offset; /* in struct ort_functions */
    unsigned place;
} places[] = {
    { offsetof(struct ort_functions, error_message), 2 },
    { offsetof(struct ort_functions, create_env), 4 }, /* with a logger */
    { offsetof(struct ort_functions, create_session), 7 },
    { offsetof(struct ort_functions, run), 9 },
    { offsetof(struct ort_functions, create_options), 10 },
    { offsetof(struct ort_functions, set_optimization), 23 },
    { offsetof(struct ort_functions, set_intra_threads), 24 },
    { offsetof(struct ort_functions, set_inter_threads), 25 },
    { offsetof(struct ort_functions, input_count), 30 },
    { offsetof(struct ort_functions, output_count), 31 },
    { offsetof(struct ort_functions, input_type), 33 },
    { offsetof(struct ort_functions, output_type), 34 },
    { offsetof(struct ort_functions, input_name), 36 },
    { offsetof(struct ort_functions, output_name), 37 },
    { offsetof(struct ort_functions, create_tensor), 49 },
    { offsetof(struct ort_functions, is_tensor), 50 },
    { offsetof(struct ort_functions, tensor_data), 51 },
    { offsetof(struct ort_functions, shape_of_type), 55 },
    { offsetof(struct ort_functions, shape_element), 60 },
    { offsetof(struct ort_functions, shape_rank), 61 },
    { offsetof(struct ort_functions, shape_sides), 62 },
    { offsetof(struct ort_functions, shape_of_value), 65 },
    { offsetof(struct ort_functions, create_memory_info), 69 }, /* of the processor */
    { offsetof(struct ort_functions, allocator_free), 76 },
    { offsetof(struct ort_functions, default_allocator), 78 },
    { offsetof(struct ort_functions, release_status), 93 },
    { offsetof(struct ort_functions, release_memory_info), 94 },
    { offsetof(struct ort_functions, release_session), 95 },
    { offsetof(struct ort_functions, release_value), 96 },
    { offsetof(struct ort_functions, release_type), 98 },
    { offsetof(struct ort_functions, release_shape), 99 },
    { offsetof(struct ort_functions, release_options), 100 },
    { offsetof(struct ort_functions, set_entry), 130 },
};

_Static_assert(sizeof(places) / sizeof(places[0]) ==
                   sizeof(struct ort_functions) / sizeof(any_function *),
               "every function has its place");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct onnx_runtime *loaded; /* under lock; a list that only grows */

int onnx_runtime_check(const struct onnx_runtime *runtime, struct ort_status *status, char *why,
                       size_t why_size)
{
    if (!status) {
        return 0;
    }
    snprintf(why, why_size, "%s", runtime->call.error_message(status));
    for (char *c = why; *c; c++) {
        if ((unsigned char)*c < ' ') {
            *c = ' ';
        }
    }
    runtime->call.release_status(status);
    return -EINVAL;
}

/* What the runtime has to say by itself; the first line of it. */
static void on_log(void *ctx, int level, const char *category, const char *id, const char *place,
                   const char *message)
{
    (void)ctx;
    (void)category;
    (void)id;
    (void)place;
    const int size = (int)strcspn(message, "\n");
    log_write(level >= ORT_LOG_ERROR ? LOG_WARN : LOG_DEBUG, "onnx", "%.*s", size, message);
}

/* Opens a library and finds its functions; the handle stays open for good. */
static int load(struct onnx_runtime *runtime, const char *path, char *why, size_t why_size)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(why, why_size, "ONNX Runtime cannot be opened: %s", reason ? reason : path);
        return -ENOENT;
    }
    const struct api_base *(*get_base)(void) = NULL;
    void *symbol = dlsym(handle, "OrtGetApiBase");
    memcpy(&get_base, &symbol, sizeof(symbol));
    const struct api_base *base = get_base ? get_base() : NULL;
    if (!base) {
        snprintf(why, why_size, "'%.150s' is not ONNX Runtime: it has no OrtGetApiBase", path);
        dlclose(handle);
        return -EINVAL;
    }
    snprintf(runtime->version, sizeof(runtime->version), "%s", base->version());
    any_function *const *table = base->get_api(API_VERSION);
    if (!table) {
        snprintf(why, why_size, "'%.100s' is ONNX Runtime %s: 1.%d or later is needed", path,
                 runtime->version, API_VERSION);
        dlclose(handle);
        return -EINVAL;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        memcpy((char *)&runtime->call + places[i].offset, &table[places[i].place],
               sizeof(table[0]));
    }
    snprintf(runtime->path, sizeof(runtime->path), "%s", path);
    return onnx_runtime_check(
        runtime,
        runtime->call.create_env(on_log, NULL, ORT_LOG_WARNING, "framecast", &runtime->env), why,
        why_size);
}

/* The last file that a pattern fits: the highest version. */
static bool file_find(const char *pattern, char *path, size_t path_size)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    const int size = snprintf(path, path_size, "%s", found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return size > 0 && (size_t)size < path_size;
}

static bool program_folder(char *folder, size_t folder_size)
{
    const ssize_t size = readlink("/proc/self/exe", folder, folder_size - 1);
    if (size <= 0) {
        return false;
    }
    folder[size] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* A name for the loader of the system, or a file in a usual place. */
static bool library_find(char *path, size_t path_size)
{
    static const char *const names[] = { "libonnxruntime.so", "libonnxruntime.so.1" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        void *handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
        if (handle) {
            dlclose(handle);
            snprintf(path, path_size, "%s", names[i]);
            return true;
        }
    }
    char folder[PATH_SIZE];
    char pattern[PATH_SIZE + 32];
    if (program_folder(folder, sizeof(folder))) {
        snprintf(pattern, sizeof(pattern), "%s/models/libonnxruntime.so*", folder);
        if (file_find(pattern, path, path_size)) {
            return true;
        }
    }
    return file_find("/usr/local/lib/libonnxruntime.so*", path, path_size) ||
           file_find("/opt/onnxruntime/lib/libonnxruntime.so*", path, path_size) ||
           file_find(NODE_LIBRARY, path, path_size);
}

static int library_settle(const char *library, char *path, char *why, size_t why_size)
{
    const char *said = library[0] != '\0' ? library : getenv(VARIABLE);
    if (said && said[0] != '\0') {
        snprintf(path, PATH_SIZE, "%s", said);
        return 0;
    }
    if (library_find(path, PATH_SIZE)) {
        return 0;
    }
    snprintf(
        why, why_size,
        "no libonnxruntime.so in the system's paths, /opt/onnxruntime/lib, models/ beside the "
        "program or ./node_modules: run 'npm install --ignore-scripts onnxruntime-node@1.17.0' "
        "here, or say library=FILE or " VARIABLE);
    return -ENOENT;
}

static int get_locked(const struct onnx_runtime **out, const char *path, char *why, size_t why_size)
{
    for (struct onnx_runtime *runtime = loaded; runtime; runtime = runtime->next) {
        if (strcmp(runtime->path, path) == 0) {
            *out = runtime;
            return 0;
        }
    }
    struct onnx_runtime *runtime = calloc(1, sizeof(*runtime));
    if (!runtime) {
        snprintf(why, why_size, "there is no memory for ONNX Runtime");
        return -ENOMEM;
    }
    const int err = load(runtime, path, why, why_size);
    if (err) {
        free(runtime);
        return err;
    }
    runtime->next = loaded;
    loaded = runtime;
    *out = runtime;
    log_info("onnx", "onnx runtime is loaded version=%s library=\"%s\"", runtime->version, path);
    return 0;
}

int onnx_runtime_get(const struct onnx_runtime **out, const char *library, char *why,
                     size_t why_size)
{
    char path[PATH_SIZE];
    pthread_mutex_lock(&lock); /* also while loading: others need it as well */
    int err = library_settle(library, path, why, why_size);
    if (!err) {
        err = get_locked(out, path, why, why_size);
    }
    pthread_mutex_unlock(&lock);
    return err;
}
