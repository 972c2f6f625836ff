/* SPDX-License-Identifier: MIT */
#ifndef HUB_PARCEL_H
#define HUB_PARCEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include <framecast/message.h>

#include "predict/prediction_export.h"

/*
 * One picture or one prediction, in every form in which it goes over the wire. The forms share
 * one body. Immutable; counted by reference. Threads: any.
 */

enum picture_form {
    PICTURE_FORM_WS,        /* a binary message that is the JPEG and nothing else */
    PICTURE_FORM_LIVE,      /* a binary message of framecast.v1: 32-byte header, then the JPEG */
    PICTURE_FORM_MULTIPART, /* a part of multipart/x-mixed-replace and the boundary that ends it */
};

enum prediction_form {
    PREDICTION_FORM_WS,    /* a text message */
    PREDICTION_FORM_EVENT, /* a server-sent event */
    PREDICTION_FORM_LINE,  /* a line of JSON */
};

#define PARCEL_FORMS 3
#define PARCEL_BOUNDARY "framecast"

struct parcel {
    _Atomic unsigned refs;
    uint64_t seq;
    int64_t captured_at_us;
    uint32_t width, height;
    bool is_notice;
    unsigned drawn;       /* predictions drawn into a picture; more in a later one of equal seq */
    uint64_t drawn_seq;   /* the newest of them; 0: none */
    struct fc_bytes body; /* the JPEG or the JSON; lives as long as the parcel */
    struct fc_message *forms[PARCEL_FORMS]; /* by enum picture_form or enum prediction_form */
};

/** What a picture's parcel is made of. */
struct parcel_picture {
    uint64_t seq;
    int64_t captured_at_us;
    uint32_t width, height; /* of the JPEG */
    uint16_t stream_id;
    bool is_discontinuity, is_notice;
    unsigned drawn; /* as in the parcel */
    uint64_t drawn_seq;
    struct fc_body *jpeg; /* shared */
};

/** Errors: NULL without memory. Ownership: gives one reference. */
FC_NODISCARD struct parcel *parcel_new_picture(const struct parcel_picture *picture);

/** @param predictor  the name predictions carry */
FC_NODISCARD struct parcel *parcel_new_prediction(enum prediction_format format,
                                                  const struct prediction *prediction,
                                                  const char *stream, const char *predictor);

struct parcel *parcel_ref(struct parcel *parcel);
void parcel_unref(struct parcel **parcel); /* ignores NULL */

#endif
