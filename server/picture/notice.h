/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_NOTICE_H
#define PICTURE_NOTICE_H

#include "picture/picture.h"

/**
 * Make the picture that viewers see while a source has none: a title, and a sentence wrapped to
 * the width. The caller sets the times. NULL without memory.
 */
FC_NODISCARD struct picture *picture_new_notice(uint32_t width, uint32_t height, const char *title,
                                                const char *sentence);

#endif
