/* SPDX-License-Identifier: MIT */
/* The newest picture, once. It is encoded for the first who asks and shared with all who do. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve/answer.h"

#define ETAG_SIZE 96

struct snapshot {
    struct endpoint endpoint;
    struct tap tap;
    char known_etag[ETAG_SIZE]; /* If-None-Match */
};

static void respond(struct fc_conn *conn, const struct parcel *parcel, const char *known_etag)
{
    char etag[ETAG_SIZE], boxes[48] = "";
    snprintf(etag, sizeof(etag), "\"%" PRIu64 "-%" PRId64 "-%zu-%u\"", parcel->seq,
             parcel->captured_at_us, parcel->body.size, parcel->drawn);
    if (parcel->drawn_seq > 0) {
        snprintf(boxes, sizeof(boxes), "X-Boxes-Seq: %" PRIu64 "\r\n", parcel->drawn_seq);
    }
    char modified[40];
    const time_t seconds = (time_t)(parcel->captured_at_us / 1000000);
    struct tm utc;
    strftime(modified, sizeof(modified), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &utc));
    char headers[512];
    snprintf(headers, sizeof(headers),
             "ETag: %s\r\nLast-Modified: %s\r\nX-Frame-Seq: %" PRIu64 "\r\nX-Timestamp: %" PRId64
             ".%06" PRId64 "\r\n%sCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n",
             etag, modified, parcel->seq, parcel->captured_at_us / 1000000,
             parcel->captured_at_us % 1000000, boxes);
    struct fc_response response = { .status = 304, .headers = headers };
    if (!strstr(known_etag, etag)) {
        response.status = 200;
        response.content_type = "image/jpeg";
        response.content = parcel->body;
    }
    fc_conn_respond(conn, &response);
}

static void closed(struct endpoint *endpoint)
{
    struct snapshot *snapshot = container_of(endpoint, struct snapshot, endpoint);
    audience_close(endpoint->audience, &snapshot->tap);
    free(snapshot);
}

static void deliver(struct tap *tap, const struct feed_item *item)
{
    struct snapshot *snapshot = container_of(tap, struct snapshot, tap);
    respond(snapshot->endpoint.conn, item->parcel, snapshot->known_etag);
    endpoint_detach(&snapshot->endpoint);
    closed(&snapshot->endpoint);
}

static const struct endpoint_ops ops = { .closed = closed };

void snapshot_visit(const struct visit *visit)
{
    struct rendition_key key = { 0 };
    if (!answer_parse_key(visit, &key)) {
        return;
    }
    struct stream_description now;
    stream_describe(visit->stream, &now);
    if (now.seq == 0) {
        answer_error(visit, 503, now.why[0] ? now.why : "the stream has no picture yet",
                     "try again in a second");
        return;
    }
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (!snapshot) {
        answer_error(visit, 503, "out of memory", "try again later");
        return;
    }
    const struct fc_bytes *known =
        fc_http_header_find(visit->request->headers, visit->request->header_count, "If-None-Match");
    if (known && known->size < sizeof(snapshot->known_etag)) {
        memcpy(snapshot->known_etag, known->data, known->size);
    }
    endpoint_attach(&snapshot->endpoint, &ops, visit);
    if (!audience_open_pictures(visit->audience, &snapshot->tap, visit->stream, key, deliver)) {
        endpoint_detach(&snapshot->endpoint);
        free(snapshot);
        answer_error(visit, 503, ANSWER_RENDITIONS, ANSWER_RENDITIONS_HINT);
        return;
    }
    audience_show_newest(&snapshot->tap);
}
