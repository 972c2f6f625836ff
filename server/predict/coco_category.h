/* SPDX-License-Identifier: MIT */
#ifndef PREDICT_COCO_CATEGORY_H
#define PREDICT_COCO_CATEGORY_H

#include <stdint.h>

/**
 * COCO's own number of one of its 80 classes, whatever the case of its letters. Any other label
 * gets one over 1000 that is made from its letters, so that it is the same in every document.
 *
 * Threads: any.
 */
uint32_t coco_category_id(const char *label);

#endif
