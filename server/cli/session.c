/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/live_wire.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/live.h"

/*
 * What happens between the first packet and the last: find out which streams, subscribe, then take
 * one event after the other. A handler gives GO_ON, or how the session ends.
 */

#define GO_ON (-1)
#define WHY_SIZE 512
#define PREDICTIONS_PATH "/streams/"

static bool wants_pictures(const struct session *s)
{
    return s->options->save || s->options->has_stats;
}

static bool wants_predictions(const struct session *s)
{
    return !s->options->is_without_predictions;
}

static int counted(struct session *s)
{
    s->count++;
    return s->count == (uint64_t)s->options->count ? SESSION_DONE : GO_ON;
}

/* Printing */

/* One line, whatever is in it; nothing that could steer a terminal. */
static int line_print(struct fc_bytes text)
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
    return GO_ON;
}

static void stats_print(struct session *s, int64_t now_ns)
{
    char line[METER_LINE_SIZE];
    FILE *out = wants_predictions(s) ? stderr : stdout;
    meter_format(&s->meter, now_ns, line);
    fprintf(out, "%s\n", line);
    fflush(out);
    meter_begin(&s->meter, now_ns);
}

void session_finish(struct session *s)
{
    if (s->options->has_stats && meter_has_news(&s->meter)) {
        stats_print(s, clock_steady_ns());
    }
}

/* Messages */

static int picture_keep(struct session *s, const char *stream, uint64_t seq, struct fc_bytes jpeg)
{
    if (s->album && album_add(s->album, stream, seq, jpeg) != 0) {
        cli_complain("%s", album_why(s->album));
        return SESSION_FAILED;
    }
    return GO_ON;
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

static int fault(struct session *s, const char *reason)
{
    cli_complain("%.200s: %s; is the server of the same version?", s->url->authority, reason);
    return SESSION_FAILED;
}

static int live_binary(struct session *s, struct fc_bytes message)
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
    const int end = picture_keep(s, stream->name, header.seq, picture);
    if (end != GO_ON) {
        return end;
    }
    char *ack = live_ack_text(stream->name, header.seq);
    if (!ack) {
        return fault(s, "out of memory");
    }
    (void)client_send(s->client, ack); /* not once closing has begun, and then it does not matter */
    free(ack);
    return counted(s);
}

static int live_error(struct session *s, const struct live_text *text)
{
    cli_complain("%.200s says: %s%s%s", s->url->authority,
                 text->message[0] != '\0' ? text->message : "an error without a message",
                 text->stream[0] != '\0' ? ": " : "", text->stream);
    return text->is_no_stream ? SESSION_FAILED : GO_ON;
}

static int live_text(struct session *s, struct fc_bytes message)
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
        return GO_ON;
    case LIVE_PREDICTION:
        if (!wants_predictions(s)) {
            return GO_ON;
        }
        meter_add_prediction(&s->meter);
        {
            const int end = line_print(message);
            return end != GO_ON || wants_pictures(s) ? end : counted(s);
        }
    case LIVE_ERROR:
        return live_error(s, &text);
    case LIVE_OTHER:
        return GO_ON; /* of a later version */
    }
    return GO_ON;
}

static int plain_message(struct session *s, const struct fc_ws_event *event)
{
    int end = GO_ON;
    if (event->kind == FC_WS_BINARY) {
        meter_add_picture(&s->meter, event->payload.size, 0, METER_NO_LAG);
        end = picture_keep(s, s->streams[0].name, ++s->plain_seq, event->payload);
    } else if (wants_predictions(s)) {
        meter_add_prediction(&s->meter);
        end = line_print(event->payload);
    }
    return end != GO_ON ? end : counted(s);
}

static int closed(struct session *s, const struct fc_ws_event *event)
{
    const char *who = s->url->authority;
    const int len = event->payload.size < 123 ? (int)event->payload.size : 123;
    const char *reason = len > 0 ? (const char *)event->payload.data : "";
    if (event->code == FC_WS_CODE_ABNORMAL) {
        cli_complain("%.200s: the connection is lost: %.*s", who, len, reason);
        return SESSION_LOST;
    }
    cli_complain("%.200s: the connection was closed with %u%s%.*s", who, event->code,
                 len > 0 ? ": " : "", len, reason);
    switch (event->code) {
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

static int handle(struct session *s, const struct fc_ws_event *event)
{
    if (event->type == FC_WS_EVENT_CLOSE) {
        return closed(s, event);
    }
    if (event->type != FC_WS_EVENT_MESSAGE) {
        return GO_ON;
    }
    s->was_up = true;
    if (!s->is_live) {
        return plain_message(s, event);
    }
    return event->kind == FC_WS_TEXT ? live_text(s, event->payload)
                                     : live_binary(s, event->payload);
}

static int run(struct session *s)
{
    int end = GO_ON;
    if (s->options->has_stats && s->meter.began_ns == 0) {
        meter_begin(&s->meter, clock_steady_ns());
    }
    while (end == GO_ON) {
        struct fc_ws_event event;
        const int64_t due_ns = s->options->has_stats ? meter_due_ns(&s->meter) : INT64_MAX;
        switch (client_next(s->client, due_ns, &event)) {
        case CLIENT_EVENT:
            end = handle(s, &event);
            break;
        case CLIENT_INTERRUPTED:
            return SESSION_DONE;
        case CLIENT_CLOSED:
            return SESSION_LOST;
        case CLIENT_TIMEOUT:
            break;
        }
        const int64_t now_ns = clock_steady_ns();
        if (now_ns >= due_ns) {
            stats_print(s, now_ns);
        }
    }
    return end;
}

/* Opening */

static void stream_add(struct session *s, const char *name, size_t len)
{
    struct session_stream *stream = &s->streams[s->stream_count++];
    *stream = (struct session_stream){ 0 };
    memcpy(stream->name, name, len);
}

/* The name in /streams/NAME or /streams/NAME/..., or NULL; *rest is what follows it. */
static const char *path_stream(const char *path, size_t *len, const char **rest)
{
    const size_t prefix = strlen(PREDICTIONS_PATH);
    if (strncmp(path, PREDICTIONS_PATH, prefix) != 0) {
        return NULL;
    }
    *len = strcspn(path + prefix, "/?");
    *rest = path + prefix + *len;
    return stream_name_is_valid(path + prefix, *len) ? path + prefix : NULL;
}

/* Nobody said which, so ask for the list; 0 or -errno as in dial.h. */
static int first_stream_add(struct session *s, const struct dial *dial)
{
    char first[STREAM_NAME_MAX + 1];
    struct fc_space body = { 0 };
    const int err = fetch(dial, "/streams", &body);
    if (err) {
        return err;
    }
    const bool has_one = live_first_stream((struct fc_bytes){ body.data, body.size }, first);
    free(body.data);
    if (!has_one) {
        snprintf(dial->why, dial->why_size, "%.200s lists no streams; is it framecast's address?",
                 s->url->authority);
        return -EPROTO;
    }
    stream_add(s, first, strlen(first));
    return 0;
}

/* Decide between framecast.v1 and plain, and which streams; 0 or -errno as in dial.h. */
static int streams_choose(struct session *s, const struct dial *dial)
{
    const char *path = s->url->path;
    const char *rest = "";
    size_t len = 0;
    const char *name = path_stream(path, &len, &rest);
    const bool is_stream = name && rest[0] == '\0';
    s->is_live = is_stream || strcmp(path, "/") == 0 || strcmp(path, LIVE_PATH) == 0;
    s->stream_count = 0;
    for (unsigned i = 0; i < s->options->streams.count; i++) {
        const char *asked = s->options->streams.item[i];
        stream_add(s, asked, strlen(asked));
    }
    if (s->stream_count > 0) {
        return 0;
    }
    if (name) {
        stream_add(s, name, len);
        return 0;
    }
    if (!s->is_live) {
        stream_add(s, "cam", strlen("cam"));
        return 0;
    }
    return first_stream_add(s, dial);
}

static bool subscribe(struct session *s)
{
    bool is_sent = true;
    for (unsigned i = 0; s->is_live && is_sent && i < s->stream_count; i++) {
        char *text = live_subscribe_text(&(struct live_subscription){
            .stream = s->streams[i].name,
            .wants_pictures = wants_pictures(s),
            .wants_predictions = wants_predictions(s),
            .fps = s->options->fps,
            .width = s->options->width,
            .quality = s->options->quality,
            .window = s->options->window,
        });
        is_sent = text && client_send(s->client, text);
        free(text);
    }
    return is_sent;
}

static int open_client(struct session *s, char *why, size_t why_size)
{
    const struct dial dial = {
        .url = s->url,
        .interrupt_fd = s->interrupt_fd,
        .deadline_ns = clock_steady_ns() + DIAL_TIMEOUT_NS,
        .why = why,
        .why_size = why_size,
    };
    const int err = streams_choose(s, &dial);
    if (err) {
        return err;
    }
    return client_open(&s->client, &dial, s->is_live ? LIVE_PATH : s->url->path,
                       s->is_live ? LIVE_SUBPROTOCOL : NULL);
}

enum session_end session_run(struct session *s)
{
    char why[WHY_SIZE] = "";
    s->was_up = false;
    const int err = open_client(s, why, sizeof(why));
    if (err == -EINTR) {
        return SESSION_DONE;
    }
    if (err) {
        cli_complain("%s", why);
        return err == -EPROTO ? SESSION_FAILED : SESSION_LOST;
    }
    const int end = subscribe(s) ? run(s) : SESSION_LOST;
    client_close(&s->client, FC_WS_CODE_NORMAL, "that is all");
    return (enum session_end)end;
}
