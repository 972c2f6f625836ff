/* SPDX-License-Identifier: MIT */
#ifndef SERVE_LIVE_REQUEST_H
#define SERVE_LIVE_REQUEST_H

#include <framecast/bytes.h>

#include "hub/stream.h"
#include "serve/key.h"

/*
 * What a framecast.v1 client says: one JSON object a message, checked member by member. Unknown
 * members are ignored, so that newer clients work.
 */

enum live_request_type {
    LIVE_SUBSCRIBE,
    LIVE_UPDATE,
    LIVE_PAUSE,
    LIVE_RESUME,
    LIVE_ACK,
    LIVE_UNSUBSCRIBE,
    LIVE_REQUEST_TYPE_COUNT,
};

struct live_request {
    enum live_request_type type;
    char stream[STREAM_NAME_MAX + 1];
    struct rendition_key key; /* members that are absent are as they were given to the parser */
    bool wants_pictures, wants_predictions;
    uint32_t window;
    uint64_t seq; /* of an ack */
};

/**
 * Read one message. out comes with what holds already: the defaults, or, for an update, the
 * subscription as it is; its stream and type are found first with live_request_target().
 *
 * Errors:    a code for the "error" message ("bad_json", "bad_member", "unknown_type"), with a
 *            sentence in why; NULL when it is in order.
 */
const char *live_request_parse(struct fc_bytes text, struct live_request *out, char *why,
                               size_t why_size);

/** Only type and stream; the same errors. */
const char *live_request_target(struct fc_bytes text, struct live_request *out, char *why,
                                size_t why_size);

#endif
