/* SPDX-License-Identifier: MIT */
/* Endless pictures of one stream: MJPEG over HTTP, and one JPEG a message over WebSocket. */
#include <stdlib.h>

#include "serve/answer.h"
#include "serve/tally.h"

struct picture_viewer {
    struct endpoint endpoint;
    struct tap tap;
    enum picture_form form;
    struct tally tally;
};

static struct picture_viewer *viewer_of_tap(struct tap *tap)
{
    return container_of(tap, struct picture_viewer, tap);
}

static void deliver(struct tap *tap, const struct feed_item *item)
{
    struct picture_viewer *viewer = viewer_of_tap(tap);
    tally_put(&viewer->tally, viewer->endpoint.conn, 0, item->parcel->forms[viewer->form]);
}

static void started(struct endpoint *endpoint, uint32_t slot, const struct fc_message *message)
{
    (void)slot;
    (void)message;
    tally_started(&container_of(endpoint, struct picture_viewer, endpoint)->tally);
}

static void closed(struct endpoint *endpoint)
{
    struct picture_viewer *viewer = container_of(endpoint, struct picture_viewer, endpoint);
    audience_close(endpoint->audience, &viewer->tap);
    tally_close(&viewer->tally);
    free(viewer);
}

static const struct endpoint_ops ops = { .started = started, .closed = closed };

static struct picture_viewer *viewer_new(const struct visit *visit, enum picture_form form)
{
    struct picture_viewer *viewer = calloc(1, sizeof(*viewer));
    if (viewer) {
        viewer->form = form;
        tally_open(&viewer->tally, visit->stream);
        endpoint_attach(&viewer->endpoint, &ops, visit);
    }
    return viewer;
}

static void begin_multipart(struct fc_conn *conn)
{
    static const char first_boundary[] = "--" PARCEL_BOUNDARY "\r\n";
    fc_conn_stream(conn,
                   &(struct fc_response){
                       .content_type = "multipart/x-mixed-replace; boundary=" PARCEL_BOUNDARY,
                       .headers = ANSWER_LIVE_HEADERS,
                       .content = { (const uint8_t *)first_boundary, sizeof(first_boundary) - 1 },
                   });
}

void mjpeg_visit(const struct visit *visit)
{
    struct rendition_key key = { 0 };
    if (!answer_parse_key(visit, &key)) {
        return;
    }
    if (visit->request->method == FC_HTTP_HEAD) {
        begin_multipart(visit->conn);
        return;
    }
    struct picture_viewer *viewer = viewer_new(visit, PICTURE_FORM_MULTIPART);
    if (!viewer) {
        answer_error(visit, 503, "out of memory", "try again later");
        return;
    }
    if (!audience_open_pictures(visit->audience, &viewer->tap, visit->stream, key, deliver)) {
        endpoint_detach(&viewer->endpoint);
        closed(&viewer->endpoint);
        answer_error(visit, 503, ANSWER_RENDITIONS, ANSWER_RENDITIONS_HINT);
        return;
    }
    begin_multipart(visit->conn);
    audience_show_newest(&viewer->tap);
}

void frames_visit(const struct visit *visit)
{
    struct rendition_key key = { 0 };
    if (!answer_parse_key(visit, &key) || !fc_conn_accept(visit->conn, visit->request, NULL)) {
        return;
    }
    struct picture_viewer *viewer = viewer_new(visit, PICTURE_FORM_WS);
    if (!viewer) {
        fc_conn_close(visit->conn, FC_WS_CODE_INTERNAL, "out of memory");
        return;
    }
    if (!audience_open_pictures(visit->audience, &viewer->tap, visit->stream, key, deliver)) {
        fc_conn_close(visit->conn, FC_WS_CODE_TRY_LATER, ANSWER_RENDITIONS);
        return;
    }
    audience_show_newest(&viewer->tap);
}
