/* SPDX-License-Identifier: MIT */
#ifndef MOTION_MOTION_H
#define MOTION_MOTION_H

#include <stddef.h>
#include <stdint.h>

#include "raster.h"

/*
 * Boxes and tracks on whatever moves in front of a camera that stands still. No model to fetch,
 * no training: luma in, boxes out. How it works, one file per step:
 *
 *   shrink      The picture is averaged in whole blocks down to about 320 pixels across.
 *
 *   background  Each pixel keeps two brightnesses it is known for, how long each has been seen,
 *               and one spread. A pixel that fits neither is foreground. Someone who stands still
 *               becomes the second brightness, then background; what is uncovered when they leave
 *               is still remembered, so no ghost stays behind. This is the mixture of Stauffer &
 *               Grimson, "Adaptive background mixture models for real-time tracking", CVPR 1999,
 *               cut down to two modes, with seconds of evidence in the place of weights; adapting
 *               the number of modes in use is the idea of Zivkovic, "Improved adaptive Gaussian
 *               mixture model for background subtraction", ICPR 2004. The spread is a running
 *               mean of the absolute difference, in the spirit of the sigma-delta estimate of
 *               Manzanera & Richefeu, "A new motion detection algorithm based on sigma-delta
 *               background estimation", Pattern Recognition Letters 28, 2007.
 *               A pixel darker than the ground by less than a quarter is taken for a shadow, the
 *               test of Cucchiara et al., "Detecting moving objects, ghosts, and shadows in video
 *               streams", IEEE Trans. PAMI 25, 2003, without its colours. A change of the light
 *               is found as the median difference of the dark and of the bright half of the
 *               picture, and the model is relit by it, if a half that changed is at least a quarter
 *               of the picture: what is smaller may be a thing that moved. When more than 60 % is
 *               foreground the camera itself has moved, and the model begins anew.
 *
 *   regions     An opening along columns removes noise, wires and tapes, a dilation bridges small
 *               gaps, and runs of a line are joined by union-find (Rosenfeld & Pfaltz, "Sequential
 *               operations in digital picture processing", JACM 13, 1966). Pieces one above the
 *               other are one body.
 *
 *   tracks      Constant velocity, corrected by an alpha-beta filter whose beta follows from alpha
 *               as Benedict & Bordner give it ("Synthesis of an optimal set of radar
 *               track-while-scan smoothing equations", IRE Trans. AC-7, 1962). Regions go to tracks
 *               greedily, best overlap and least distance first. Several tracks on one region are
 *               a group: each keeps its own size, the outer ones follow the group's edges, the
 *               others their own velocity, until the group parts (the merging and splitting of
 *               McKenna et al., "Tracking groups of people", CVIU 80, 2000).
 *
 * All times are seconds derived from captured_ns, none is a count of pictures, so the rate may be
 * anything from 10 to 60 pictures a second and may vary.
 *
 * What it does not do: it does not know what a person is; it tracks whatever moves and is large
 * enough. A camera that pans gives no boxes.
 */

struct motion;

/** Zero means "the default", so `{ 0 }` is a working detector. */
struct motion_options {
    uint32_t
        work_width_px; /* 0: 320; width looked at, 32..1024; reached to the nearest whole divisor */
    float box_area_min; /* 0: 0.0006; smallest box, as a fraction of the picture's area */
    float box_area_max; /* 0: 0.5; largest box */
    float contrast_min; /* 0: 9; smallest difference of brightness, of 255, that counts */
    int64_t warm_up_ns; /* 0: 1 s; learning before the first box, also after a change of size */
    int64_t absorb_ns;  /* 0: 15 s; standing still for so long makes a thing background */
    int64_t coast_ns;   /* 0: 0.7 s; how long a track lives unseen */
};

/** One moving thing. Position and size are fractions of the picture, clipped to it. */
struct motion_box {
    float x; /* left edge */
    float y; /* upper edge */
    float width;
    float height;
    float score;    /* 0..1: share of foreground in the box, times how steadily it has been seen */
    uint32_t track; /* never 0, not used again for another thing */
};

/**
 * Make a detector with all the memory it will ever need.
 *
 * @param options  NULL: all defaults
 *
 * Errors:    NULL when there is no memory.
 * Ownership: gives the detector; motion_free() it. Borrows options for the call.
 * Threads:   a detector is used by one thread at a time; two detectors share nothing.
 */
struct motion *motion_new(const struct motion_options *options);

/**
 * Look at the next picture and say where things move.
 *
 * A picture of another size than the last begins anew, with new warm-up. A time that is not
 * after the last one gives the last boxes again. Unsupported sizes (under 16 pixels or over 16384
 * on a side, or too tall to shrink) give none.
 *
 * @param captured_ns  when the picture was taken, on any clock that runs evenly
 * @param boxes        box_max of them; the oldest track first
 *
 * Returns:   the number of boxes written, at most box_max.
 * Ownership: borrows luma and boxes for the call. Allocates nothing.
 * Threads:   the one thread that uses m.
 */
size_t motion_look(struct motion *m, struct raster luma, int64_t captured_ns,
                   struct motion_box *boxes, size_t box_max);

/** Release the detector and set *pm to NULL. Threads: the one thread that uses it. */
void motion_free(struct motion **pm);

#endif
