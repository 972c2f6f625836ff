/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PREDICTOR_CHECK_H
#define TESTS_PREDICTOR_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/predictor_impl.h"

/*
 * One predictor under examination. A case opens instances, gives them pictures, and returns at the
 * first thing that is not as it should be, which it leaves in why.
 */

#define CHECK_WHY_SIZE 512

struct check {
    const struct predictor_kind *kind;
    const char *spec;
    struct predictor_traits traits;
    int64_t deadline_ns;  /* of one picture */
    int64_t limit_ns;     /* of any call: what takes longer hangs */
    _Atomic uint64_t seq; /* of the last picture that was made */
    char why[CHECK_WHY_SIZE];
};

/** What may come of a picture. */
enum check_outcome { CHECK_SEEN, CHECK_SEEN_OR_FAILED };

/** Put a sentence into check->why and return false. */
bool check_fail(struct check *check, const char *format, ...) FC_PRINTF(2, 3);

/** Open an instance; false with why. */
bool check_open(struct check *check, void **instance);
void check_close(struct check *check, void **instance);

/**
 * Give an instance one picture (numbers it, and drops it), and judge what comes of it: in time,
 * within the rules, and the picture as it was. False with why. Threads: an instance's own; the
 * first failure of several threads is kept.
 */
bool check_look(struct check *check, void *instance, struct picture *picture,
                enum check_outcome outcome);

/** A picture with a bright square that moves with the number; NULL: no memory. */
struct picture *check_picture(struct check *check, enum picture_format format, uint32_t width,
                              uint32_t height);
/** The same as JPEG; cut off after so many hundredths of its bytes. */
struct picture *check_picture_jpeg(struct check *check, uint32_t width, uint32_t height,
                                   unsigned hundredths);

/* ---- cases ---- */

struct check_case {
    const char *name;
    bool (*run)(struct check *check);
};

extern const struct check_case check_cases[]; /* ends in a name that is NULL */

/* ---- the watch: ends the program, with FAIL and exit status 1, when a call hangs ---- */

void check_watch_start(void);
void check_watch_stop(void);

/** The case that runs; borrowed. */
void check_watch_name(const char *name);

/** A call begins, or one has ended: from now on there are limit_ns. Threads: any. */
void check_watch_extend(int64_t limit_ns);

#endif
