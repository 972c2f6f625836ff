/* SPDX-License-Identifier: MIT */
#ifndef ENCODE_SCALE_H
#define ENCODE_SCALE_H

#include <libswscale/swscale.h>

/** How many pointers and strides sws_scale() reads, however few planes there are. */
#define SCALE_PLANES 4

#endif
