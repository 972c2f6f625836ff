/* SPDX-License-Identifier: MIT */
/* Predictions of one stream: text over WebSocket, server-sent events, or lines of JSON. */
#include <stdlib.h>
#include <string.h>

#include "serve/answer.h"

struct subscriber {
    struct endpoint endpoint;
    struct tap tap;
    enum prediction_form form;
};

static void deliver(struct tap *tap, const struct feed_item *item)
{
    struct subscriber *subscriber = container_of(tap, struct subscriber, tap);
    (void)fc_conn_send(subscriber->endpoint.conn, item->parcel->forms[subscriber->form]);
}

static void closed(struct endpoint *endpoint)
{
    struct subscriber *subscriber = container_of(endpoint, struct subscriber, endpoint);
    audience_close(endpoint->audience, &subscriber->tap);
    free(subscriber);
}

static const struct endpoint_ops ops = { .closed = closed };

static void subscriber_open(const struct visit *visit, enum prediction_form form,
                            enum prediction_format format)
{
    struct subscriber *subscriber = calloc(1, sizeof(*subscriber));
    if (!subscriber) {
        fc_conn_close(visit->conn, FC_WS_CODE_INTERNAL, "out of memory");
        return;
    }
    subscriber->form = form;
    endpoint_attach(&subscriber->endpoint, &ops, visit);
    audience_open_predictions(visit->audience, &subscriber->tap, visit->stream, format, deliver);
}

void predictions_visit(const struct visit *visit)
{
    const struct fc_http_request *request = visit->request;
    enum prediction_format format;
    if (!answer_parse_format(visit, &format)) {
        return;
    }
    if (visit->is_upgrade) {
        if (fc_conn_accept(visit->conn, request, NULL)) {
            subscriber_open(visit, PREDICTION_FORM_WS, format);
        }
        return;
    }
    static const char retry[] = "retry: 1000\n\n"; /* milliseconds; an event stream may begin so */
    const bool wants_lines = fc_http_header_has_token(request->headers, request->header_count,
                                                      "Accept", "application/x-ndjson");
    struct fc_response response = {
        .content_type = wants_lines ? "application/x-ndjson" : "text/event-stream",
        .headers = ANSWER_LIVE_HEADERS,
    };
    if (!wants_lines) {
        response.content = (struct fc_bytes){ (const uint8_t *)retry, sizeof(retry) - 1 };
    }
    fc_conn_stream(visit->conn, &response);
    if (request->method != FC_HTTP_HEAD) {
        subscriber_open(visit, wants_lines ? PREDICTION_FORM_LINE : PREDICTION_FORM_EVENT, format);
    }
}
