/* SPDX-License-Identifier: MIT */
/*
 * /live, subprotocol framecast.v1: several streams over one connection, pictures and predictions,
 * with settings and flow control for each.
 *
 * A subscription has one slot of the connection for its pictures. It is held while the viewer's
 * window is full.
 */
#include <stdlib.h>
#include <string.h>

#include "base/live_wire.h"
#include "serve/answer.h"
#include "serve/live_request.h"
#include "serve/tally.h"
#include "serve/window.h"

#define SUBSCRIPTIONS_MAX FC_CONN_SLOTS_MAX
#define MESSAGE_MAX_BYTES 4096

struct live;

struct subscription {
    struct live *live;     /* NULL: free */
    struct stream *stream; /* borrowed */
    uint32_t slot;
    struct rendition_key key;
    bool wants_pictures, wants_predictions, is_paused;
    struct window window;
    struct tap pictures, predictions, changes;
    struct tally tally;
};

struct live {
    struct endpoint endpoint;
    struct subscription *subscriptions[SUBSCRIPTIONS_MAX]; /* by slot; NULL: none */
};

static void send_error(struct live *live, const char *code, const char *message, const char *stream)
{
    answer_message(live->endpoint.conn, json_pack("{s:s, s:s, s:s, s:s*}", "type", "error", "code",
                                                  code, "message", message, "stream", stream));
}

static void send_stream(struct subscription *subscription)
{
    struct stream *stream = subscription->stream;
    struct predictor *predictor = stream_predictor(stream, 0);
    struct stream_description now;
    stream_describe(stream, &now);
    answer_message(subscription->live->endpoint.conn,
                   json_pack("{s:s, s:s, s:i, s:s, s:I, s:I, s:s, s:s?, s:s?}", "type", "stream",
                             "stream", stream_name(stream), "id", (int)stream_id(stream), "codec",
                             "jpeg", "width", (json_int_t)now.width, "height",
                             (json_int_t)now.height, "state", source_state_name(now.state), "error",
                             now.why[0] ? now.why : NULL, "predictor",
                             predictor ? predictor_name(predictor) : NULL));
}

static void deliver_picture(struct tap *tap, const struct feed_item *item)
{
    struct subscription *subscription = container_of(tap, struct subscription, pictures);
    tally_put(&subscription->tally, subscription->live->endpoint.conn, subscription->slot,
              item->parcel->forms[PICTURE_FORM_LIVE]);
}

static void deliver_prediction(struct tap *tap, const struct feed_item *item)
{
    const struct subscription *subscription = container_of(tap, struct subscription, predictions);
    (void)fc_conn_send(subscription->live->endpoint.conn, item->parcel->forms[PREDICTION_FORM_WS]);
}

static void deliver_change(struct tap *tap, const struct feed_item *item)
{
    (void)item;
    send_stream(container_of(tap, struct subscription, changes));
}

static void hold_if_full(struct subscription *subscription)
{
    fc_conn_hold(subscription->live->endpoint.conn, subscription->slot,
                 window_is_full(&subscription->window));
}

/* Open and close taps so that they are what the settings say. */
static void subscription_apply(struct subscription *subscription, bool is_key_new)
{
    struct live *live = subscription->live;
    struct audience *audience = live->endpoint.audience;
    const bool wants_pictures = subscription->wants_pictures && !subscription->is_paused;
    const bool wants_predictions = subscription->wants_predictions && !subscription->is_paused;
    if (!wants_pictures || is_key_new) {
        audience_close(audience, &subscription->pictures);
        tally_close(&subscription->tally);
        fc_conn_clear(live->endpoint.conn, subscription->slot);
    }
    if (!wants_predictions) {
        audience_close(audience, &subscription->predictions);
    } else if (!subscription->predictions.stream) {
        audience_open_predictions(audience, &subscription->predictions, subscription->stream,
                                  PREDICTION_OWN, deliver_prediction);
    }
    hold_if_full(subscription);
    if (wants_pictures && !subscription->pictures.stream) {
        tally_open(&subscription->tally, subscription->stream);
        if (!audience_open_pictures(audience, &subscription->pictures, subscription->stream,
                                    subscription->key, deliver_picture)) {
            tally_close(&subscription->tally);
            send_error(live, "too_many_renditions", ANSWER_RENDITIONS,
                       stream_name(subscription->stream));
            return;
        }
        audience_show_newest(&subscription->pictures);
    }
}

static void subscription_free(struct subscription **subscription)
{
    struct subscription *s = *subscription;
    *subscription = NULL;
    if (!s) {
        return;
    }
    struct audience *audience = s->live->endpoint.audience;
    audience_close(audience, &s->pictures);
    audience_close(audience, &s->predictions);
    audience_close(audience, &s->changes);
    tally_close(&s->tally);
    free(s);
}

static struct subscription *subscription_find(struct live *live, const char *name)
{
    for (uint32_t i = 0; i < SUBSCRIPTIONS_MAX; i++) {
        struct subscription *s = live->subscriptions[i];
        if (s && strcmp(stream_name(s->stream), name) == 0) {
            return s;
        }
    }
    return NULL;
}

static void settings_take(struct subscription *s, const struct live_request *request)
{
    s->key = request->key;
    s->wants_pictures = request->wants_pictures;
    s->wants_predictions = request->wants_predictions;
    window_resize(&s->window, request->window);
}

static void subscribe(struct live *live, const struct live_request *request)
{
    struct stream *stream = site_find(audience_site(live->endpoint.audience), request->stream);
    if (!stream) {
        send_error(live, LIVE_NO_STREAM, "there is no stream of that name; see /streams",
                   request->stream);
        return;
    }
    uint32_t slot = 0;
    while (slot < SUBSCRIPTIONS_MAX && live->subscriptions[slot]) {
        slot++;
    }
    struct subscription *s = slot < SUBSCRIPTIONS_MAX ? calloc(1, sizeof(*s)) : NULL;
    if (!s) {
        send_error(live, "too_many_subscriptions", "this connection has as many as it may",
                   request->stream);
        return;
    }
    s->live = live;
    s->stream = stream;
    s->slot = slot;
    settings_take(s, request);
    live->subscriptions[slot] = s;
    send_stream(s);
    audience_open_changes(live->endpoint.audience, &s->changes, stream, deliver_change);
    subscription_apply(s, true);
}

static void update(struct subscription *s, const struct live_request *request)
{
    const bool is_key_new = s->key.width != request->key.width ||
                            s->key.fps_milli != request->key.fps_milli ||
                            s->key.quality != request->key.quality;
    settings_take(s, request);
    subscription_apply(s, is_key_new);
}

static void request_carry_out(struct live *live, struct subscription *s,
                              const struct live_request *request)
{
    switch (request->type) {
    case LIVE_SUBSCRIBE:
    case LIVE_UPDATE:
        update(s, request);
        break;
    case LIVE_PAUSE:
        s->is_paused = true;
        window_reset(&s->window);
        subscription_apply(s, false);
        break;
    case LIVE_RESUME:
        s->is_paused = false;
        subscription_apply(s, false);
        break;
    case LIVE_ACK:
        window_acknowledged(&s->window, request->seq);
        hold_if_full(s);
        break;
    case LIVE_UNSUBSCRIBE:
        fc_conn_clear(live->endpoint.conn, s->slot);
        subscription_free(&live->subscriptions[s->slot]);
        break;
    case LIVE_REQUEST_TYPE_COUNT:
        break;
    }
}

/* What a request changes nothing about. */
static struct live_request settings_of(const struct subscription *s)
{
    return (struct live_request){
        .key = s ? s->key : (struct rendition_key){ 0 },
        .wants_pictures = s ? s->wants_pictures : true,
        .wants_predictions = s ? s->wants_predictions : true,
        .window = s ? s->window.size : 0,
    };
}

static void message(struct endpoint *endpoint, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct live *live = container_of(endpoint, struct live, endpoint);
    if (kind != FC_WS_TEXT) {
        fc_conn_close(endpoint->conn, FC_WS_CODE_UNSUPPORTED_DATA, "send JSON text");
        return;
    }
    char why[160] = "";
    struct live_request request = { 0 };
    const char *code = live_request_target(payload, &request, why, sizeof(why));
    struct subscription *s = code ? NULL : subscription_find(live, request.stream);
    if (!code) {
        request = settings_of(s);
        code = live_request_parse(payload, &request, why, sizeof(why));
    }
    if (code) {
        send_error(live, code, why, request.stream[0] ? request.stream : NULL);
    } else if (s) {
        request_carry_out(live, s, &request);
    } else if (request.type == LIVE_SUBSCRIBE) {
        subscribe(live, &request);
    } else {
        send_error(live, "not_subscribed", "subscribe to the stream first", request.stream);
    }
}

static void started(struct endpoint *endpoint, uint32_t slot, const struct fc_message *message)
{
    struct subscription *s = container_of(endpoint, struct live, endpoint)->subscriptions[slot];
    if (s) {
        tally_started(&s->tally);
        window_sent(&s->window, fc_message_tag(message));
        hold_if_full(s);
    }
}

static void closed(struct endpoint *endpoint)
{
    struct live *live = container_of(endpoint, struct live, endpoint);
    for (uint32_t i = 0; i < SUBSCRIPTIONS_MAX; i++) {
        subscription_free(&live->subscriptions[i]);
    }
    free(live);
}

static const struct endpoint_ops ops = { .message = message, .started = started, .closed = closed };

void live_visit(const struct visit *visit)
{
    const bool is_offered = fc_ws_offers_subprotocol(visit->request, LIVE_SUBPROTOCOL);
    const struct fc_accept_options options = {
        .subprotocol = is_offered ? LIVE_SUBPROTOCOL : NULL,
        .conn = &(struct fc_conn_options){ .message_max_bytes = MESSAGE_MAX_BYTES },
    };
    if (!fc_conn_accept(visit->conn, visit->request, &options)) {
        return;
    }
    struct live *live = is_offered ? calloc(1, sizeof(*live)) : NULL;
    if (!live) {
        fc_conn_close(visit->conn, is_offered ? FC_WS_CODE_INTERNAL : FC_WS_CODE_POLICY,
                      is_offered ? "out of memory" : "ask for the subprotocol " LIVE_SUBPROTOCOL);
        return;
    }
    endpoint_attach(&live->endpoint, &ops, visit);
}
