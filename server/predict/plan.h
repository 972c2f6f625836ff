/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_PLAN_H
#define PREDICT_PLAN_H

#include <framecast/attr.h>

#include "encode/view.h"

/*
 * What is asked of a predictor besides which one it is:
 *
 *     [name=faces,fps=5,region=0/0/0.5/1,width=640,tracks]face.onnx
 *
 * Without brackets everything is the default.
 */

#define PLAN_NAME_SIZE 64
#define PLAN_QUEUE 32 /* pictures that wait for one that is to see all */

struct plan {
    const char *spec;            /* what follows the brackets; borrowed */
    char name[PLAN_NAME_SIZE];   /* as predictions carry it; "": the predictor's own */
    char stream[PLAN_NAME_SIZE]; /* whose pictures it looks at; "": every stream's */
    char after[PLAN_NAME_SIZE];  /* looks at what that one has found; "": at the pictures */
    double max_fps;              /* 0: no limit */
    struct view_region region;   /* all 0: the whole picture */
    uint32_t width;              /* pixels, of what it is shown; 0: as captured */
    bool sees_all;               /* every picture instead of the newest, PLAN_QUEUE may wait */
    bool tracks;                 /* follow objects where the predictor does not */
};

/** Errors: false with a sentence and a hint in why. */
FC_NODISCARD bool plan_parse(struct plan *out, const char *text, char *why, size_t why_size);

#endif
