/* SPDX-License-Identifier: MIT */
#ifndef SERVE_AUDIENCE_H
#define SERVE_AUDIENCE_H

#include "hub/feed.h"
#include "net/list.h"
#include "serve/site.h"

/*
 * The viewers on one loop. It takes from the loop's feed and hands each item to the taps that want
 * it. A rendition is open while this loop has a tap on it.
 *
 * Threads: its loop's, but for audience_new(), audience_free() and audience_wake().
 */

struct audience;
struct channel;
struct tap;

typedef void tap_fn(struct tap *tap, const struct feed_item *item);

/** One viewer's wish for one kind of thing; embedded in the viewer. Zero is a closed tap. */
struct tap {
    struct list_link link;
    tap_fn *deliver;               /* borrows the item; may close its own tap and others */
    struct stream *stream;         /* borrowed; NULL: closed */
    struct channel *channel;       /* of pictures; NULL otherwise */
    enum prediction_format format; /* of predictions; PREDICTION_OWN otherwise */
    uint64_t seen_seq;             /* of pictures: the last that was delivered; survives closing */
    bool has_seen;                 /* since it was opened */
    unsigned seen_drawn;           /* predictions drawn into that one */
};

FC_NODISCARD struct audience *audience_new(struct site *site, struct fc_loop *loop);

/** What it takes from; before the loop runs. Borrows feed. */
void audience_set_feed(struct audience *audience, struct feed *feed);

void audience_free(struct audience **audience);

/** The feed has something; any thread. ctx is the audience. */
void audience_wake(void *ctx);

struct site *audience_site(struct audience *audience);
struct audience *audience_of(const struct fc_conn *conn);

/**
 * Want the pictures of a rendition.
 *
 * Errors:    false when the stream has as many renditions as it may.
 */
FC_NODISCARD bool audience_open_pictures(struct audience *audience, struct tap *tap,
                                         struct stream *stream, struct rendition_key key,
                                         tap_fn *deliver);

/** Have the newest picture that is there already delivered now, within the call. */
void audience_show_newest(struct tap *tap);

/** Want the predictions, written in that format. */
void audience_open_predictions(struct audience *audience, struct tap *tap, struct stream *stream,
                               enum prediction_format format, tap_fn *deliver);

/** Want to know when the stream's state, size or predictor changes. */
void audience_open_changes(struct audience *audience, struct tap *tap, struct stream *stream,
                           tap_fn *deliver);

/** Ignores a closed tap. One that is opened again is given nothing older than it was before. */
void audience_close(struct audience *audience, struct tap *tap);

#endif
