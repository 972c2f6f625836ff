/* SPDX-License-Identifier: MIT */
#include "predict/decoder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

/*
 * One score a class for the whole picture: no boxes, but `data` with the best. Scores that are not
 * all between 0 and 1 are taken for logarithms, and become shares of 1 (softmax).
 */

#define SCORES 0 /* role */
#define CLASSES_MIN 2

static bool classify_fits(struct decode_plan *plan)
{
    const struct tensor_shape *shape = &plan->ports->outputs[0].shape;
    int64_t classes;
    plan->roles[SCORES] = 0;
    return plan->ports->output_count == 1 && shape->type == TENSOR_F32 &&
           tensor_as_row(shape, &classes) && classes >= CLASSES_MIN && classes <= LABELS_MAX;
}

/* Turns a score into a share: exp(score - most) / sum, or itself. */
struct shares {
    bool are_scores;
    float most, sum;
};

static struct shares shares_of(const float *scores, int64_t count)
{
    struct shares shares = { .are_scores = true, .most = scores[0] };
    for (int64_t i = 0; i < count; i++) {
        shares.are_scores = shares.are_scores && scores[i] >= 0 && scores[i] <= 1;
        shares.most = scores[i] > shares.most ? scores[i] : shares.most;
    }
    for (int64_t i = 0; i < count; i++) {
        shares.sum += expf(scores[i] - shares.most);
    }
    return shares;
}

static float share_of(const struct shares *shares, float score)
{
    return shares->are_scores ? score : expf(score - shares->most) / shares->sum;
}

static char *to_json(const struct decode_plan *plan, const struct candidates *best)
{
    json_t *classes = json_array();
    for (size_t i = 0; classes && i < best->count; i++) {
        char name[PREDICTION_LABEL_SIZE];
        labels_name(plan->labels, best->items[i].label, name);
        json_t *label = json_string(name);
        json_t *one = json_pack("{s:o,s:f}", "label", label ? label : json_string("?"), "score",
                                round((double)best->items[i].score * 1e4) / 1e4);
        (void)json_array_append_new(classes, one);
    }
    json_t *root = json_pack("{s:o}", "classes", classes);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(root);
    return text;
}

static int classify_decode(const struct decode_plan *plan, const struct tensor *outputs,
                           struct decode_result *result)
{
    const struct tensor *tensor = &outputs[plan->roles[SCORES]];
    int64_t count;
    if (tensor->shape.type != TENSOR_F32 || !tensor_as_row(&tensor->shape, &count) ||
        count < CLASSES_MIN) {
        return -EPROTO;
    }
    const float *scores = tensor->data;
    const struct shares shares = shares_of(scores, count);
    struct candidates *best = &result->candidates;
    for (int64_t i = 0; i < count; i++) {
        const struct candidate candidate = {
            .box = { .width = 1, .height = 1 },
            .score = share_of(&shares, scores[i]),
            .label = (uint32_t)i,
        };
        candidates_add(best, &candidate);
    }
    candidates_sort(best, plan->top);
    result->data = to_json(plan, best);
    best->count = 0;
    return result->data ? 0 : -ENOMEM;
}

const struct decoder decoder_classify = {
    .name = "classify",
    .takes = "f32[1,classes]",
    .defaults = {
        .color = PIXEL_RGB24,
        .resize = IMAGE_STRETCH,
        .mean = { 123.675f, 116.28f, 103.53f },
        .scale = { 58.395f, 57.12f, 57.375f },
    },
    .threshold = 0.01f,
    .overlap = 2,
    .top = 5,
    .fits = classify_fits,
    .decode = classify_decode,
};
