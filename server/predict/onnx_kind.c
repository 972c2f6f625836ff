/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "predict/model.h"
#include "predict/onnx_session.h"

/*
 * `MODEL.onnx?decoder=…`: a model in ONNX Runtime, a session for each thread.
 *
 * Opening runs the model once on nothing: that warms it up, and shows what shapes its outputs have
 * where the model leaves them open. check() does the same, so that what does not fit is refused at
 * the start, and not by every picture.
 */

#define PATH_SIZE 1024
#define TEXT_SIZE 512
#define PARALLEL_MAX 64 /* no more threads than processors in any case */

struct onnx_instance {
    struct onnx_session *session;
    struct model *model;
};

static bool onnx_matches(const char *spec)
{
    static const char ending[] = ".onnx";
    const size_t size = strcspn(spec, "?");
    return size > strlen(ending) &&
           memcmp(spec + size - strlen(ending), ending, strlen(ending)) == 0;
}

static void onnx_close(void **instance)
{
    struct onnx_instance *o = *instance;
    *instance = NULL;
    if (o) {
        model_free(&o->model);
        onnx_session_close(&o->session);
        free(o);
    }
}

/* Where the model leaves sides of its outputs open, take those that it gave. */
static void shapes_learn(struct tensor_ports *ports, const struct tensor *outputs)
{
    for (unsigned i = 0; i < ports->output_count; i++) {
        ports->outputs[i].shape = outputs[i].shape;
    }
}

static int model_settle(struct onnx_instance *o, const struct model_options *options, char *why,
                        size_t why_size)
{
    struct tensor_ports ports = *onnx_session_ports(o->session);
    struct tensor_shape *input = &ports.inputs[0].shape;
    if (!model_input_shape(options, &ports, input, why, why_size)) {
        return -EINVAL;
    }
    int err = onnx_session_bind(o->session, input, why, why_size);
    const struct tensor *outputs = NULL;
    if (!err) {
        err = onnx_session_run(o->session, &outputs, why, why_size);
    }
    if (!err) {
        shapes_learn(&ports, outputs);
        err = model_new(&o->model, options, &ports, why, why_size);
    }
    return err;
}

/* Whether there is something to load; the runtime's words for what is not would puzzle. */
static int file_check(const char *path, char *why, size_t why_size)
{
    struct stat file;
    int err = access(path, R_OK) != 0 || stat(path, &file) != 0 ? -errno : 0;
    err = !err && S_ISDIR(file.st_mode) ? -EISDIR : err;
    if (err) {
        snprintf(why, why_size, "the model '%.150s' cannot be read: %s", path, strerror(-err));
    } else if (file.st_size == 0) {
        snprintf(why, why_size, "the model '%.150s' is empty", path);
        err = -ENODATA;
    }
    return err;
}

static int instance_new(struct onnx_instance **out, const char *spec, bool is_trial, char *why,
                        size_t why_size)
{
    struct model_options options = model_options_unsaid();
    char path[PATH_SIZE];
    if (!spec_target(spec, path, sizeof(path))) {
        snprintf(why, why_size, "the path of the model is too long");
        return -ENAMETOOLONG;
    }
    if (!spec_options_read(spec, model_options_onnx, &options, why, why_size)) {
        return -EINVAL;
    }
    int err = file_check(path, why, why_size);
    if (err) {
        return err;
    }
    struct onnx_instance *o = calloc(1, sizeof(*o));
    if (!o) {
        snprintf(why, why_size, "there is no memory for it");
        return -ENOMEM;
    }
    const struct onnx_model model = {
        .path = path,
        .library = options.library,
        .is_trial = is_trial,
    };
    err = onnx_session_open(&o->session, &model, why, why_size);
    if (!err) {
        err = model_settle(o, &options, why, why_size);
    }
    if (err) {
        void *half = o;
        onnx_close(&half);
        return err;
    }
    *out = o;
    return 0;
}

static bool onnx_check(const char *spec, char *why, size_t why_size)
{
    struct onnx_instance *o = NULL;
    if (instance_new(&o, spec, true, why, why_size)) {
        return false;
    }
    void *instance = o;
    onnx_close(&instance);
    return true;
}

static void say_what_was_settled(const struct onnx_instance *o, const char *spec,
                                 const struct predictor_place *place)
{
    char text[TEXT_SIZE];
    model_describe(o->model, text, sizeof(text));
    predictor_says(place, "onnx", "model is loaded stream=%s model=\"%.*s\" %s", place->stream,
                   (int)strcspn(spec, "?"), spec, text);
}

static int onnx_open(void **instance, const char *spec, const struct predictor_place *place,
                     char *why, size_t why_size)
{
    struct onnx_instance *o = NULL;
    const int err = instance_new(&o, spec, false, why, why_size);
    if (!err) {
        say_what_was_settled(o, spec, place);
        *instance = o;
    }
    return err;
}

static int onnx_look(void *instance, struct picture *picture, struct prediction *out)
{
    struct onnx_instance *o = instance;
    int err = model_write(o->model, picture, onnx_session_input(o->session), out);
    if (err) {
        return err;
    }
    const struct tensor *outputs = NULL;
    err = onnx_session_run(o->session, &outputs, out->why, sizeof(out->why));
    if (err) {
        return err;
    }
    return model_read(o->model, outputs, out);
}

const struct predictor_kind predictor_kind_onnx = {
    .name = "onnx",
    .form = "MODEL.onnx",
    .matches = onnx_matches,
    .check = onnx_check,
    .open = onnx_open,
    .look = onnx_look,
    .close = onnx_close,
    .parallel_max = PARALLEL_MAX,
};
