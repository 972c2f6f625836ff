/* SPDX-License-Identifier: MIT */
#include "predictor.h"

/* Motion in a shared object of its own; the program has it built in. */

const struct fc_predictor *fc_predictor_get(void)
{
    return &motion_predictor;
}
