/* SPDX-License-Identifier: MIT */
#include "hub/parcel.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/live_wire.h"

/* A parcel is itself and one message for each form; they share the body. */

_Static_assert(PICTURE_FORM_MULTIPART + 1 == PARCEL_FORMS, "one message for each form");
_Static_assert(PREDICTION_FORM_LINE + 1 == PARCEL_FORMS, "one message for each form");

static struct fc_bytes bytes_of(const char *text)
{
    return (struct fc_bytes){ .data = (const uint8_t *)text, .size = strlen(text) };
}

static uint64_t positive(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

static struct fc_message *live_message(const struct parcel_picture *picture)
{
    uint8_t header[LIVE_HEADER_BYTES];
    live_header_write(
        &(struct live_header){
            .stream_id = picture->stream_id,
            .codec = LIVE_JPEG,
            .is_key = true,
            .is_discontinuity = picture->is_discontinuity,
            .seq = picture->seq,
            .captured_at_us = positive(picture->captured_at_us),
            .width = picture->width,
            .height = (uint16_t)picture->height,
        },
        header);
    return fc_message_new(&(struct fc_message_options){
        .ws_kind = FC_WS_BINARY,
        .head = { .data = header, .size = sizeof(header) },
        .body = picture->jpeg,
        .tag = picture->seq,
        .skipped_at = LIVE_LEFT_OUT_AT,
    });
}

static struct fc_message *multipart_message(const struct parcel_picture *picture)
{
    const uint64_t us = positive(picture->captured_at_us);
    char boxes[48] = "";
    if (picture->drawn_seq > 0) {
        snprintf(boxes, sizeof(boxes), "X-Boxes-Seq: %" PRIu64 "\r\n", picture->drawn_seq);
    }
    char head[FC_MESSAGE_HEAD_MAX];
    const int size = snprintf(head, sizeof(head),
                              "Content-Type: image/jpeg\r\n"
                              "Content-Length: %zu\r\n"
                              "X-Timestamp: %" PRIu64 ".%06" PRIu64 "\r\n"
                              "X-Frame-Seq: %" PRIu64 "\r\n%s\r\n",
                              fc_body_bytes(picture->jpeg).size, us / 1000000, us % 1000000,
                              picture->seq, boxes);
    assert(size > 0 && (size_t)size < sizeof(head));
    return fc_message_new(&(struct fc_message_options){
        .head = { .data = (const uint8_t *)head, .size = (size_t)size },
        .body = picture->jpeg,
        .tail = bytes_of("\r\n--" PARCEL_BOUNDARY "\r\n"),
        .tag = picture->seq,
    });
}

/* Give the parcel if it has all its forms; else release it. */
static struct parcel *complete(struct parcel *parcel)
{
    for (unsigned i = 0; i < PARCEL_FORMS; i++) {
        if (!parcel->forms[i]) {
            parcel_unref(&parcel);
            return NULL;
        }
    }
    return parcel;
}

struct parcel *parcel_new_picture(const struct parcel_picture *picture)
{
    assert(picture->height <= UINT16_MAX);
    struct parcel *parcel = malloc(sizeof(*parcel));
    if (!parcel) {
        return NULL;
    }
    *parcel = (struct parcel){
        .refs = 1,
        .seq = picture->seq,
        .captured_at_us = picture->captured_at_us,
        .width = picture->width,
        .height = picture->height,
        .is_notice = picture->is_notice,
        .drawn = picture->drawn,
        .drawn_seq = picture->drawn_seq,
        .body = fc_body_bytes(picture->jpeg),
        .forms = {
            [PICTURE_FORM_WS] = fc_message_new(&(struct fc_message_options){
                .ws_kind = FC_WS_BINARY,
                .body = picture->jpeg,
                .tag = picture->seq,
            }),
            [PICTURE_FORM_LIVE] = live_message(picture),
            [PICTURE_FORM_MULTIPART] = multipart_message(picture),
        },
    };
    return complete(parcel);
}

static struct fc_message *event_message(struct fc_body *json, uint64_t seq)
{
    char head[64];
    const int size = snprintf(head, sizeof(head), "id: %" PRIu64 "\ndata: ", seq);
    return fc_message_new(&(struct fc_message_options){
        .head = { .data = (const uint8_t *)head, .size = (size_t)size },
        .body = json,
        .tail = bytes_of("\n\n"),
        .tag = seq,
    });
}

static struct parcel *prediction_parcel(const struct prediction *prediction, struct fc_body *json)
{
    struct parcel *parcel = malloc(sizeof(*parcel));
    if (!parcel) {
        return NULL;
    }
    *parcel = (struct parcel){
        .refs = 1,
        .seq = prediction->seq,
        .captured_at_us = prediction->captured_at_us,
        .width = prediction->width,
        .height = prediction->height,
        .body = fc_body_bytes(json),
        .forms = {
            [PREDICTION_FORM_WS] = fc_message_new(&(struct fc_message_options){
                .ws_kind = FC_WS_TEXT,
                .body = json,
                .tag = prediction->seq,
            }),
            [PREDICTION_FORM_EVENT] = event_message(json, prediction->seq),
            [PREDICTION_FORM_LINE] = fc_message_new(&(struct fc_message_options){
                .body = json,
                .tail = bytes_of("\n"),
                .tag = prediction->seq,
            }),
        },
    };
    return complete(parcel);
}

struct parcel *parcel_new_prediction(enum prediction_format format,
                                     const struct prediction *prediction, const char *stream,
                                     const char *predictor)
{
    size_t size = 0;
    char *text = prediction_export(format, prediction, stream, predictor, &size);
    if (!text) {
        return NULL;
    }
    struct fc_body *json =
        fc_body_wrap((struct fc_bytes){ .data = (const uint8_t *)text, .size = size }, free, text);
    if (!json) {
        free(text);
        return NULL;
    }
    struct parcel *parcel = prediction_parcel(prediction, json);
    fc_body_unref(&json);
    return parcel;
}

struct parcel *parcel_ref(struct parcel *parcel)
{
    unsigned before = atomic_fetch_add_explicit(&parcel->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return parcel;
}

void parcel_unref(struct parcel **parcel)
{
    struct parcel *p = *parcel;
    *parcel = NULL;
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (unsigned i = 0; i < PARCEL_FORMS; i++) {
        fc_message_unref(&p->forms[i]);
    }
    free(p);
}
