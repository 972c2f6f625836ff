/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_ONNX_RUNTIME_H
#define PREDICT_ONNX_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

/*
 * ONNX Runtime, opened while the program runs, so that nobody needs it who has no model.
 *
 * Its C interface is one table of functions that only ever grows; those used here are declared
 * here, under names of ours, and found by their place in the table (version 1.14 and later).
 */

/* Objects of the runtime's. */
struct ort_status; /* NULL: it went well */
struct ort_env;
struct ort_session;
struct ort_session_options;
struct ort_memory_info;
struct ort_allocator;
struct ort_type_info;
struct ort_shape;
struct ort_value;

enum ort_element { ORT_FLOAT = 1, ORT_UINT8 = 2, ORT_INT32 = 6, ORT_INT64 = 7 };
enum ort_log_level { ORT_LOG_WARNING = 2, ORT_LOG_ERROR = 3 };

typedef void ort_log_function(void *ctx, int level, const char *category, const char *id,
                              const char *place, const char *message);

/** What it says of itself goes into gives-by-pointer arguments, which come last. */
struct ort_functions {
    const char *(*error_message)(const struct ort_status *status);
    void (*release_status)(struct ort_status *status);

    struct ort_status *(*create_env)(ort_log_function *log, void *ctx, int level, const char *id,
                                     struct ort_env **out);

    struct ort_status *(*create_options)(struct ort_session_options **out);
    struct ort_status *(*set_optimization)(struct ort_session_options *options, int level);
    struct ort_status *(*set_intra_threads)(struct ort_session_options *options, int count);
    struct ort_status *(*set_inter_threads)(struct ort_session_options *options, int count);
    struct ort_status *(*set_entry)(struct ort_session_options *options, const char *key,
                                    const char *value);
    void (*release_options)(struct ort_session_options *options);

    struct ort_status *(*create_session)(const struct ort_env *env, const char *path,
                                         const struct ort_session_options *options,
                                         struct ort_session **out);
    struct ort_status *(*input_count)(const struct ort_session *session, size_t *out);
    struct ort_status *(*output_count)(const struct ort_session *session, size_t *out);
    struct ort_status *(*input_type)(const struct ort_session *session, size_t index,
                                     struct ort_type_info **out);
    struct ort_status *(*output_type)(const struct ort_session *session, size_t index,
                                      struct ort_type_info **out);
    struct ort_status *(*input_name)(const struct ort_session *session, size_t index,
                                     struct ort_allocator *allocator, char **out);
    struct ort_status *(*output_name)(const struct ort_session *session, size_t index,
                                      struct ort_allocator *allocator, char **out);
    struct ort_status *(*run)(struct ort_session *session, const void *run_options,
                              const char *const *input_names, const struct ort_value *const *inputs,
                              size_t input_count, const char *const *output_names,
                              size_t output_count, struct ort_value **outputs);
    void (*release_session)(struct ort_session *session);

    struct ort_status *(*default_allocator)(struct ort_allocator **out); /* is not released */
    struct ort_status *(*allocator_free)(struct ort_allocator *allocator, void *memory);

    struct ort_status *(*shape_of_type)(const struct ort_type_info *info,
                                        const struct ort_shape **out); /* NULL: no tensor */
    struct ort_status *(*shape_of_value)(const struct ort_value *value, struct ort_shape **out);
    struct ort_status *(*shape_element)(const struct ort_shape *shape, int *out);
    struct ort_status *(*shape_rank)(const struct ort_shape *shape, size_t *out);
    struct ort_status *(*shape_sides)(const struct ort_shape *shape, int64_t *sides, size_t count);
    void (*release_type)(struct ort_type_info *info);
    void (*release_shape)(struct ort_shape *shape);

    struct ort_status *(*create_memory_info)(int allocator, int memory,
                                             struct ort_memory_info **out);
    void (*release_memory_info)(struct ort_memory_info *info);
    struct ort_status *(*create_tensor)(const struct ort_memory_info *info, void *data,
                                        size_t bytes, const int64_t *sides, size_t rank,
                                        int element, struct ort_value **out);
    struct ort_status *(*is_tensor)(const struct ort_value *value, int *out);
    struct ort_status *(*tensor_data)(struct ort_value *value, void **out);
    void (*release_value)(struct ort_value *value);
};

/** Loaded once, and kept until the program ends. Threads: any. */
struct onnx_runtime {
    struct ort_functions call;
    struct ort_env *env;
    char version[32];
    char path[512];
    struct onnx_runtime *next;
};

/**
 * Find and load the library.
 *
 * @param library  a file; "" looks in FRAMECAST_ONNXRUNTIME, or else in the usual places
 *
 * Errors:    -ENOENT, -EINVAL, -ENOMEM, with a sentence that says where it was looked for.
 * Ownership: lends the runtime for good.
 * Threads:   any.
 */
FC_NODISCARD int onnx_runtime_get(const struct onnx_runtime **out, const char *library, char *why,
                                  size_t why_size);

/** 0, or -EINVAL with what the runtime said in why; releases the status. */
FC_NODISCARD int onnx_runtime_check(const struct onnx_runtime *runtime, struct ort_status *status,
                                    char *why, size_t why_size);

#endif
