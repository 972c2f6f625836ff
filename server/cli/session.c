/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/live_wire.h"
#include "cli/cli.h"
#include "cli/live.h"

#define STREAMS_PATH "/streams/"

static bool wants_pictures(const struct session *s)
{
    return s->options->save || s->options->has_stats;
}

static bool wants_predictions(const struct session *s)
{
    return !s->options->is_without_predictions;
}

static enum session_step counted(struct session *s)
{
    s->count++;
    return s->count == (uint64_t)s->options->count ? SESSION_DONE : SESSION_GOES_ON;
}

static enum session_step fault(const struct session *s, const char *reason)
{
    cli_complain("%.200s: %s; is the server of the same version?", s->url->authority, reason);
    return SESSION_FAILED;
}

/* Printing */

/* One line, whatever is in it; nothing that could steer a terminal. */
static enum session_step line_print(struct fc_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        putc_unlocked(c < 0x20 || c == 0x7f ? ' ' : c, stdout);
    }
    putc_unlocked('\n', stdout);
    if (fflush(stdout) != 0) {
        cli_complain("cannot write to standard output: %s", strerror(errno));
        return SESSION_FAILED;
    }
    return SESSION_GOES_ON;
}

void session_stats(struct session *s, int64_t now_ns)
{
    char line[METER_LINE_SIZE];
    FILE *out = wants_predictions(s) ? stderr : stdout;
    meter_format(&s->meter, now_ns, line);
    fprintf(out, "%s\n", line);
    fflush(out);
    meter_begin(&s->meter, now_ns);
}

/* Messages */

static enum session_step picture_keep(struct session *s, const char *stream, uint64_t seq,
                                      struct fc_bytes jpeg)
{
    if (s->album && album_add(s->album, stream, seq, jpeg) != 0) {
        cli_complain("%s", album_why(s->album));
        return SESSION_FAILED;
    }
    return SESSION_GOES_ON;
}

static const struct session_stream *find_id(const struct session *s, uint16_t id)
{
    for (unsigned i = 0; i < s->stream_count; i++) {
        if (s->streams[i].id == id && id != 0) {
            return &s->streams[i];
        }
    }
    return NULL;
}

static enum session_step live_binary(struct session *s, struct fc_bytes message)
{
    struct live_header header;
    struct fc_bytes picture;
    const char *reason = live_header_read(message, &header, &picture);
    if (reason) {
        return fault(s, reason);
    }
    const struct session_stream *stream = find_id(s, header.stream_id);
    if (!stream) {
        return fault(s, "a picture is of a stream that was not described");
    }
    if (header.codec != LIVE_JPEG) {
        return fault(s, "a picture is not a JPEG, though JPEG was asked for");
    }

    const int64_t lag_us = clock_wall_us() - (int64_t)header.captured_at_us;
    meter_add_picture(&s->meter, message.size, header.left_out, lag_us * NS_PER_US);
    const enum session_step step = picture_keep(s, stream->name, header.seq, picture);
    if (step != SESSION_GOES_ON) {
        return step;
    }
    char *ack = live_ack_text(stream->name, header.seq);
    if (!ack) {
        return fault(s, "out of memory");
    }
    (void)fc_conn_send_text(s->conn, ack); /* once closing has begun it does not matter */
    free(ack);
    return counted(s);
}

static enum session_step live_error(struct session *s, const struct live_text *text)
{
    cli_complain("%.200s says: %s%s%s", s->url->authority,
                 text->message[0] != '\0' ? text->message : "an error without a message",
                 text->stream[0] != '\0' ? ": " : "", text->stream);
    return text->is_no_stream ? SESSION_FAILED : SESSION_GOES_ON;
}

static enum session_step predicted(struct session *s, struct fc_bytes message)
{
    meter_add_prediction(&s->meter);
    const enum session_step step = line_print(message);
    return step != SESSION_GOES_ON || wants_pictures(s) ? step : counted(s);
}

static enum session_step live_text(struct session *s, struct fc_bytes message)
{
    struct live_text text;
    if (!live_text_parse(message, &text)) {
        return fault(s, "a text message is not JSON with a type");
    }
    switch (text.type) {
    case LIVE_STREAM:
        for (unsigned i = 0; i < s->stream_count; i++) {
            if (strcmp(s->streams[i].name, text.stream) == 0) {
                s->streams[i].id = text.stream_id;
            }
        }
        return SESSION_GOES_ON;
    case LIVE_PREDICTION:
        if (!wants_predictions(s)) {
            return SESSION_GOES_ON;
        }
        return predicted(s, message);
    case LIVE_ERROR:
        return live_error(s, &text);
    case LIVE_OTHER:
        return SESSION_GOES_ON; /* of a later version */
    }
    return SESSION_GOES_ON;
}

static enum session_step plain_message(struct session *s, enum fc_ws_kind kind,
                                       struct fc_bytes payload)
{
    enum session_step step = SESSION_GOES_ON;
    if (kind == FC_WS_BINARY) {
        meter_add_picture(&s->meter, payload.size, 0, METER_NO_LAG);
        step = picture_keep(s, s->streams[0].name, ++s->plain_seq, payload);
    } else if (wants_predictions(s)) {
        meter_add_prediction(&s->meter);
        step = line_print(payload);
    }
    return step != SESSION_GOES_ON ? step : counted(s);
}

enum session_step session_message(struct session *s, enum fc_ws_kind kind, struct fc_bytes payload)
{
    if (!s->is_live) {
        return plain_message(s, kind, payload);
    }
    return kind == FC_WS_TEXT ? live_text(s, payload) : live_binary(s, payload);
}

/* Which streams */

/* The name in /streams/NAME or /streams/NAME/..., or NULL; *rest is what follows it. */
static const char *path_stream(const char *path, size_t *len, const char **rest)
{
    const size_t prefix = strlen(STREAMS_PATH);
    if (strncmp(path, STREAMS_PATH, prefix) != 0) {
        return NULL;
    }
    *len = strcspn(path + prefix, "/?");
    *rest = path + prefix + *len;
    return stream_name_is_valid(path + prefix, *len) ? path + prefix : NULL;
}

static void stream_add(struct session *s, const char *name, size_t len)
{
    struct session_stream *stream = &s->streams[s->stream_count++];
    *stream = (struct session_stream){ 0 };
    memcpy(stream->name, name, len);
}

/* Those that somebody named: on the command line, or in the address. */
static void streams_add(struct session *s)
{
    const char *rest = "";
    size_t len = 0;
    const char *name = path_stream(s->url->path, &len, &rest);
    for (unsigned i = 0; i < s->options->streams.count; i++) {
        const char *asked = s->options->streams.item[i];
        stream_add(s, asked, strlen(asked));
    }
    if (s->stream_count == 0 && name) {
        stream_add(s, name, len);
    }
    if (s->stream_count == 0 && !s->is_live) {
        stream_add(s, "cam", strlen("cam"));
    }
}

static enum session_step subscribe(struct session *s)
{
    for (unsigned i = 0; s->is_live && i < s->stream_count; i++) {
        char *text = live_subscribe_text(&(struct live_subscription){
            .stream = s->streams[i].name,
            .wants_pictures = wants_pictures(s),
            .wants_predictions = wants_predictions(s),
            .fps = s->options->fps,
            .width = s->options->width,
            .quality = s->options->quality,
            .window = s->options->window,
        });
        if (!text) {
            return fault(s, "out of memory");
        }
        (void)fc_conn_send_text(s->conn, text); /* or it is over, which will be told */
        free(text);
    }
    return SESSION_GOES_ON;
}

enum session_step session_choose(struct session *s, struct fc_bytes list)
{
    char first[STREAM_NAME_MAX + 1];
    if (!live_first_stream(list, first)) {
        cli_complain("%.200s lists no streams; is it framecast's address?", s->url->authority);
        return SESSION_FAILED;
    }
    stream_add(s, first, strlen(first));
    return subscribe(s);
}

/* From the beginning to the end */

void session_init(struct session *s, const struct cli_watch *options, const struct url *url,
                  struct album *album)
{
    const char *rest = "";
    size_t len = 0;
    const bool is_stream = path_stream(url->path, &len, &rest) && rest[0] == '\0';
    *s = (struct session){
        .options = options,
        .url = url,
        .album = album,
        .is_live = is_stream || strcmp(url->path, "/") == 0 || strcmp(url->path, LIVE_PATH) == 0,
    };
}

const char *session_path(const struct session *s)
{
    return s->is_live ? LIVE_PATH : s->url->path;
}

const char *session_subprotocol(const struct session *s)
{
    return s->is_live ? LIVE_SUBPROTOCOL : NULL;
}

enum session_step session_begin(struct session *s, struct fc_conn *conn)
{
    s->conn = conn;
    s->stream_count = 0;
    if (s->options->has_stats && s->meter.began_ns == 0) {
        meter_begin(&s->meter, clock_steady_ns());
    }
    /* RFC 6455 lets a server leave the subprotocol out; then it would not understand us. */
    if (s->is_live && !fc_conn_subprotocol(conn)) {
        return fault(s, "the server does not know framecast.v1 at " LIVE_PATH);
    }
    streams_add(s);
    return s->stream_count > 0 ? subscribe(s) : SESSION_WANTS_LIST;
}

enum session_step session_over(struct session *s)
{
    const char *who = s->url->authority;
    const uint16_t code = fc_conn_close_code(s->conn);
    const char *reason = fc_conn_close_reason(s->conn);
    s->conn = NULL;
    if (code == FC_WS_CODE_ABNORMAL) {
        cli_complain("%.200s: the connection is lost%s%s", who, reason[0] != '\0' ? ": " : "",
                     reason);
        return SESSION_LOST;
    }
    cli_complain("%.200s: the connection was closed with %u%s%s", who, code,
                 reason[0] != '\0' ? ": " : "", reason);
    switch (code) {
    case FC_WS_CODE_NORMAL:
    case FC_WS_CODE_GOING_AWAY:
        return SESSION_CLOSED;
    case LIVE_CLOSE_NO_STREAM:
    case FC_WS_CODE_POLICY:
        return SESSION_FAILED;
    default:
        return SESSION_LOST;
    }
}
