/* SPDX-License-Identifier: MIT */
/* Pictures from a client: one JPEG a binary message, acknowledged when asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "serve/answer.h"

struct publisher {
    struct endpoint endpoint;
    struct stream *stream;
    bool wants_ack;
    bool is_entered;
    uint64_t refused; /* pictures in this connection */
};

static void message(struct endpoint *endpoint, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct publisher *publisher = container_of(endpoint, struct publisher, endpoint);
    if (kind != FC_WS_BINARY) {
        fc_conn_close(endpoint->conn, FC_WS_CODE_UNSUPPORTED_DATA,
                      "send each picture as one binary message");
        return;
    }
    const char *problem = source_publish(stream_source(publisher->stream), payload);
    if (problem) {
        if (publisher->refused++ == 0) {
            log_warn("serve", "picture refused stream=%s peer=%s: %s",
                     stream_name(publisher->stream), fc_conn_peer(endpoint->conn), problem);
        }
        answer_message(endpoint->conn, json_pack("{s:s, s:s, s:s}", "type", "error", "code",
                                                 "bad_picture", "message", problem));
    } else if (publisher->wants_ack) {
        struct stream_description now;
        stream_describe(publisher->stream, &now);
        answer_message(endpoint->conn,
                       json_pack("{s:s, s:I}", "type", "ack", "seq", (json_int_t)now.seq));
    }
}

static void closed(struct endpoint *endpoint)
{
    struct publisher *publisher = container_of(endpoint, struct publisher, endpoint);
    if (publisher->is_entered) {
        source_publisher_leave(stream_source(publisher->stream));
        log_info("serve", "publisher gone stream=%s", stream_name(publisher->stream));
    }
    free(publisher);
}

static const struct endpoint_ops ops = { .message = message, .closed = closed };

void publish_visit(const struct visit *visit)
{
    struct source *source = stream_source(visit->stream);
    static const struct fc_conn_options pictures = { .message_max_bytes = PICTURE_JPEG_MAX_BYTES };
    char ack[8] = "";
    (void)fc_http_query_get(visit->request->query, "ack", ack, sizeof(ack));
    if (!fc_conn_accept(visit->conn, visit->request,
                        &(struct fc_accept_options){ .conn = &pictures })) {
        return;
    }
    if (!source_is_published(source)) {
        fc_conn_close(visit->conn, FC_WS_CODE_POLICY,
                      "this stream has a source of its own; start it as NAME=published");
        return;
    }
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    if (!publisher) {
        fc_conn_close(visit->conn, FC_WS_CODE_INTERNAL, "out of memory");
        return;
    }
    publisher->stream = visit->stream;
    publisher->wants_ack = strcmp(ack, "1") == 0;
    endpoint_attach(&publisher->endpoint, &ops, visit);
    publisher->is_entered = source_publisher_enter(source);
    if (!publisher->is_entered) {
        fc_conn_close(visit->conn, FC_WS_CODE_POLICY, "somebody else publishes this stream");
        return;
    }
    log_info("serve", "publisher came stream=%s peer=%s", stream_name(visit->stream),
             fc_conn_peer(visit->conn));
}
