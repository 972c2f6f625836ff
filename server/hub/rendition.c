/* SPDX-License-Identifier: MIT */
#include "hub/rendition.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/pace.h"
#include "encode/jpeg.h"
#include "hub/boxes.h"
#include "hub/rendition_impl.h"

/*
 * A rendition is a mailbox for one picture with an encoder at its end: the newest wins.
 *
 *     offer ──▶ pace ──▶ waiting ──▶ job on an encoder's thread ──▶ parcel ──▶ every feed
 *
 * There is never more than one job: is_busy is true from submitting it until it ends with nothing
 * waiting. The job holds a reference, so a rendition that nobody watches any more lives until its
 * job is done.
 *
 * A boxed rendition draws what it finds on the stream's shelf when it encodes, and waits for
 * nothing. Where pictures are far apart that is nothing at all, so the prediction, when it comes,
 * has the picture encoded again; where they are close together the next picture comes first.
 */

struct rendition {
    struct rendition_options options;
    _Atomic unsigned refs; /* the decrement that reaches 0 acquires what the others released */
    struct job job;

    pthread_mutex_t lock; /* guards these */
    struct pace pace;
    uint64_t last_seq;       /* offered */
    uint64_t taken_seq;      /* given to the job */
    unsigned drawn;          /* predictions found for that one */
    struct picture *waiting; /* owned */
    struct parcel *newest;   /* owned */
    bool is_busy, is_stopped;

    /* the job's */
    struct jpeg_encoder *encoder;
    struct shelf_view *view; /* owned; NULL unless boxed */
    uint64_t encoded_seq;
    bool is_failing;
};

uint64_t rendition_id(const struct rendition *rendition)
{
    return rendition->options.id;
}

struct rendition_key rendition_key(const struct rendition *rendition)
{
    return rendition->options.key;
}

struct parcel *rendition_newest(struct rendition *rendition)
{
    pthread_mutex_lock(&rendition->lock);
    struct parcel *newest = rendition->newest ? parcel_ref(rendition->newest) : NULL;
    pthread_mutex_unlock(&rendition->lock);
    return newest;
}

static void release_picture(void *owner)
{
    struct picture *picture = owner;
    picture_unref(&picture);
}

/* The picture's own bytes are shared, the encoder's are copied, because it uses them again. */
static struct fc_body *body_of(struct picture *picture, struct fc_bytes jpeg)
{
    if (jpeg.data != picture->planes[0].data) {
        return fc_body_new(jpeg);
    }
    struct picture *owner = picture_ref(picture);
    struct fc_body *body = fc_body_wrap(jpeg, release_picture, owner);
    if (!body) {
        picture_unref(&owner);
    }
    return body;
}

static void draw(void *ctx, struct picture *canvas)
{
    const struct shelf_view *view = ctx;
    boxes_draw(canvas, view->objects, view->object_count);
}

/* What is to be drawn into a picture, or NULL. */
static struct shelf_view *look(struct rendition *rendition, const struct picture *picture)
{
    if (!rendition->view || picture->is_notice) {
        return NULL;
    }
    shelf_look(rendition->options.shelf, picture, rendition->view);
    return rendition->view;
}

static int encode(struct rendition *rendition, struct picture *picture, struct shelf_view *view,
                  struct parcel **out)
{
    const struct rendition_options *options = &rendition->options;
    const struct jpeg_request request = {
        .width = options->key.width,
        .quality = options->key.quality,
        .draw = view && view->object_count > 0 ? draw : NULL,
        .draw_ctx = view,
    };
    struct jpeg_image jpeg;
    const int err = jpeg_encode(rendition->encoder, picture, request, &jpeg);
    if (err) {
        return err;
    }
    const bool is_passed = jpeg.bytes.data == picture->planes[0].data;
    struct fc_body *body = body_of(picture, jpeg.bytes);
    if (!body) {
        return -ENOMEM;
    }
    struct parcel *parcel = parcel_new_picture(&(struct parcel_picture){
        .seq = picture->seq,
        .captured_at_us = picture->captured_at_us,
        .width = jpeg.width,
        .height = jpeg.height,
        .stream_id = options->stream_id,
        .is_discontinuity = picture->is_discontinuity,
        .is_notice = picture->is_notice,
        .drawn = view ? view->predictions : 0,
        .drawn_seq = view ? view->seq : 0,
        .jpeg = body,
    });
    fc_body_unref(&body);
    if (!parcel) {
        return -ENOMEM;
    }
    atomic_fetch_add_explicit(is_passed ? &options->stats->passed : &options->stats->encoded, 1,
                              memory_order_relaxed);
    *out = parcel;
    return 0;
}

/* Keep a parcel as the newest and give it to every loop, unless nobody wants it. Takes it. */
static void publish(struct rendition *rendition, struct parcel *parcel)
{
    const struct rendition_options *options = &rendition->options;
    struct parcel *unwanted = parcel_ref(parcel);
    pthread_mutex_lock(&rendition->lock);
    const bool is_wanted = !rendition->is_stopped;
    if (is_wanted) {
        struct parcel *before = rendition->newest;
        rendition->newest = unwanted;
        unwanted = before;
    }
    pthread_mutex_unlock(&rendition->lock);
    parcel_unref(&unwanted);

    for (unsigned i = 0; i < options->feed_count && is_wanted; i++) {
        feed_put(options->feeds[i], &(struct feed_item){
                                        .type = FEED_PICTURE,
                                        .stream = options->stream,
                                        .rendition_id = options->id,
                                        .parcel = parcel,
                                    });
    }
    parcel_unref(&parcel);
}

static void note(struct rendition *rendition, uint64_t seq, int err)
{
    const bool was_failing = rendition->is_failing;
    rendition->is_failing = err != 0;
    if (err && !was_failing) {
        log_warn("hub",
                 "pictures cannot be encoded stream=%s width=%" PRIu32 " from=%" PRIu64
                 " why=\"%s\"",
                 rendition->options.stream_name, rendition->options.key.width, seq, strerror(-err));
    } else if (!err && was_failing) {
        log_info("hub", "pictures can be encoded again stream=%s from=%" PRIu64,
                 rendition->options.stream_name, seq);
    }
}

static struct picture *take(struct rendition *rendition)
{
    pthread_mutex_lock(&rendition->lock);
    struct picture *picture = rendition->waiting;
    rendition->waiting = NULL;
    if (picture && picture->seq != rendition->taken_seq) {
        rendition->taken_seq = picture->seq;
        rendition->drawn = 0;
    }
    pthread_mutex_unlock(&rendition->lock);
    return picture;
}

/* Whether a picture was not encoded yet, or there is more now to draw into it. */
static bool is_news(struct rendition *rendition, const struct picture *picture,
                    const struct shelf_view *view)
{
    pthread_mutex_lock(&rendition->lock);
    const unsigned before = rendition->drawn;
    if (view) {
        rendition->drawn = view->predictions;
    }
    pthread_mutex_unlock(&rendition->lock);
    return picture->seq != rendition->encoded_seq || (view && view->predictions > before);
}

static void work(struct rendition *rendition, struct picture *picture)
{
    struct shelf_view *view = look(rendition, picture);
    if (!is_news(rendition, picture, view)) {
        return;
    }
    struct parcel *parcel = NULL;
    const int err = encode(rendition, picture, view, &parcel);
    rendition->encoded_seq = picture->seq;
    note(rendition, picture->seq, err);
    if (parcel) {
        publish(rendition, parcel);
    }
}

static void run(struct job *job)
{
    struct rendition *rendition =
        (struct rendition *)((char *)job - offsetof(struct rendition, job));
    struct picture *picture = take(rendition);
    if (picture) {
        work(rendition, picture);
        picture_unref(&picture);
    }

    pthread_mutex_lock(&rendition->lock);
    const bool goes_on = rendition->waiting;
    rendition->is_busy = goes_on;
    pthread_mutex_unlock(&rendition->lock);
    if (goes_on) {
        pool_submit(rendition->options.encoders, job); /* behind the others' jobs */
    } else {
        rendition_unref(&rendition);
    }
}

struct rendition *rendition_new(const struct rendition_options *options)
{
    struct rendition *rendition = calloc(1, sizeof(*rendition));
    if (!rendition) {
        return NULL;
    }
    rendition->encoder = jpeg_encoder_new();
    rendition->view = options->key.is_boxed ? malloc(sizeof(*rendition->view)) : NULL;
    if (!rendition->encoder || (options->key.is_boxed && !rendition->view)) {
        jpeg_encoder_free(&rendition->encoder);
        free(rendition->view);
        free(rendition);
        return NULL;
    }
    rendition->options = *options;
    rendition->refs = 1;
    rendition->job.run = run;
    pace_init(&rendition->pace, options->key.fps_milli);
    pthread_mutex_init(&rendition->lock, NULL);
    return rendition;
}

struct rendition *rendition_ref(struct rendition *rendition)
{
    unsigned before = atomic_fetch_add_explicit(&rendition->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return rendition;
}

void rendition_unref(struct rendition **rendition)
{
    struct rendition *r = *rendition;
    *rendition = NULL;
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    assert(!r->is_busy);
    picture_unref(&r->waiting);
    parcel_unref(&r->newest);
    jpeg_encoder_free(&r->encoder);
    free(r->view);
    pthread_mutex_destroy(&r->lock);
    struct stream *stream = r->options.stream;
    void (*gone)(struct stream * stream) = r->options.gone;
    free(r);
    gone(stream);
}

/* A notice always passes: it says something new, and the next picture may be long in coming. */
static bool is_wanted_locked(struct rendition *rendition, const struct picture *picture)
{
    if (rendition->is_stopped || picture->seq <= rendition->last_seq) {
        return false;
    }
    rendition->last_seq = picture->seq;
    return picture->is_notice || pace_take(&rendition->pace, picture->captured_ns);
}

/* Put a picture where the job finds it; true when there is no job, which is then to be submitted.
 */
static bool put_locked(struct rendition *rendition, struct picture *picture,
                       struct picture **replaced)
{
    const bool is_idle = !rendition->is_busy;
    *replaced = rendition->waiting;
    rendition->waiting = picture_ref(picture);
    rendition->is_busy = true;
    return is_idle;
}

static void submit(struct rendition *rendition)
{
    rendition_ref(rendition);
    pool_submit(rendition->options.encoders, &rendition->job);
}

void rendition_offer(struct rendition *rendition, struct picture *picture)
{
    struct picture *replaced = NULL;
    pthread_mutex_lock(&rendition->lock);
    const bool begins =
        is_wanted_locked(rendition, picture) && put_locked(rendition, picture, &replaced);
    pthread_mutex_unlock(&rendition->lock);
    picture_unref(&replaced);
    if (begins) {
        submit(rendition);
    }
}

/* While the job is at this very picture it may have looked at the shelf already: it looks again. */
static bool is_redrawn_locked(struct rendition *rendition, const struct picture *picture,
                              unsigned there_are)
{
    return !rendition->is_stopped && !rendition->waiting && rendition->taken_seq == picture->seq &&
           (rendition->is_busy || rendition->drawn < there_are);
}

void rendition_redraw(struct rendition *rendition, struct picture *picture)
{
    if (!rendition->view) {
        return;
    }
    struct picture *replaced = NULL;
    const unsigned there_are = shelf_count(rendition->options.shelf, picture);
    pthread_mutex_lock(&rendition->lock);
    const bool begins = is_redrawn_locked(rendition, picture, there_are) &&
                        put_locked(rendition, picture, &replaced);
    pthread_mutex_unlock(&rendition->lock);
    assert(!replaced);
    if (begins) {
        submit(rendition);
    }
}

void rendition_stop(struct rendition *rendition)
{
    pthread_mutex_lock(&rendition->lock);
    rendition->is_stopped = true;
    struct picture *dropped = rendition->waiting;
    rendition->waiting = NULL;
    pthread_mutex_unlock(&rendition->lock);
    picture_unref(&dropped);
}
