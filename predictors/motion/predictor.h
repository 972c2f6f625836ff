/* SPDX-License-Identifier: MIT */
#ifndef MOTION_PREDICTOR_H
#define MOTION_PREDICTOR_H

#include <framecast/predictor.h>

/* Motion as a plug-in. It says "moving" of what it finds, because what it is, it does not know. */
extern const struct fc_predictor motion_predictor;

#endif
