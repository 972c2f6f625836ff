/* SPDX-License-Identifier: MIT */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

#include "base/stream_name.h"

/* The text messages of framecast.v1, as a viewer reads and writes them. Threads: any. */

#define LIVE_TEXT_SIZE 256

enum live_text_type { LIVE_STREAM, LIVE_PREDICTION, LIVE_ERROR, LIVE_OTHER };

/** What of a text message matters here. Too long texts are cut; absent ones are "". */
struct live_text {
    enum live_text_type type;
    uint16_t stream_id;               /* of LIVE_STREAM */
    char stream[STREAM_NAME_MAX + 1]; /* "" unless it is a valid name */
    bool is_no_stream;                /* of LIVE_ERROR: the stream does not exist */
    char message[LIVE_TEXT_SIZE];     /* of LIVE_ERROR */
};

/** Errors: false when it is not a JSON object with a type. */
FC_NODISCARD bool live_text_parse(struct fc_bytes message, struct live_text *out);

/** Zero means "not said". */
struct live_subscription {
    const char *stream;
    bool wants_pictures, wants_predictions;
    double fps;
    int64_t width, quality, window;
};

/** Errors: NULL without memory. Ownership: gives a string for free(). */
FC_NODISCARD char *live_subscribe_text(const struct live_subscription *subscription);
FC_NODISCARD char *live_ack_text(const char *stream, uint64_t seq);

/** The name of the first stream in what GET /streams answers. Errors: false when there is none. */
FC_NODISCARD bool live_first_stream(struct fc_bytes json, char name[STREAM_NAME_MAX + 1]);

#endif
