/* SPDX-License-Identifier: MIT */
#include "hub/stream.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hub/testing/fake_source.h"

/* Everything at once, on a real pool: made for the thread sanitizer. */

#define PICTURES 300
#define ROUNDS 100
#define VIEWERS 3

static struct stream *stream;
static struct feed *feed;
static _Atomic bool is_over;

static void no_wake(void *ctx)
{
    (void)ctx;
}

static void *publish(void *arg)
{
    (void)arg;
    const struct source_sink *sink = fake_source.sink;
    for (int i = 0; i < PICTURES; i++) {
        struct picture *picture = picture_new_planar(PICTURE_YUV420, 48, 32);
        for (unsigned plane = 0; plane < PICTURE_PLANES_MAX; plane++) {
            memset(picture_plane(picture, plane), i % 200,
                   picture->planes[plane].stride * picture_plane_height(picture, plane));
        }
        picture->captured_ns = clock_steady_ns();
        picture->is_notice = i % 50 == 49;
        sink->state(sink->ctx, i % 100 < 50 ? SOURCE_UP : SOURCE_DOWN, "");
        sink->picture(sink->ctx, picture);
    }
    return NULL;
}

static void *view(void *arg)
{
    const uint32_t *first_width = arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const struct rendition_key key = { .width = *first_width + i % 4, .is_boxed = i % 3 == 0 };
        const enum prediction_format format = i % 2 ? PREDICTION_COCO : PREDICTION_VOC;
        struct rendition *rendition = stream_rendition_open(stream, key);
        assert_non_null(rendition);
        stream_format_open(stream, format);
        struct parcel *newest = rendition_newest(rendition);
        parcel_unref(&newest);
        struct stream_description description;
        stream_describe(stream, &description);
        stream_format_close(stream, format);
        stream_rendition_close(stream, &rendition);
    }
    return NULL;
}

static void *take(void *arg)
{
    (void)arg;
    uint64_t last_prediction = 0;
    while (!is_over) {
        for (struct feed_item item; feed_take(feed, &item);) {
            if (item.type == FEED_PREDICTION && item.format == PREDICTION_OWN) {
                assert_true(item.parcel->seq > last_prediction);
                last_prediction = item.parcel->seq;
            }
            parcel_unref(&item.parcel);
        }
        sched_yield();
    }
    return NULL;
}

static void viewers_come_and_go_while_pictures_come(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    assert_int_equal(pool_new(&pool, "encode", 2), 0);
    feed = feed_new(no_wake, NULL);
    char why[256];
    assert_int_equal(stream_new(&stream,
                                &(struct stream_options){
                                    .name = "cam",
                                    .id = 1,
                                    .plans = &(struct plan){ .spec = "test" },
                                    .plan_count = 1,
                                    .encoders = pool,
                                    .feeds = &feed,
                                    .feed_count = 1,
                                },
                                why, sizeof(why)),
                     0);
    assert_int_equal(stream_start(stream), 0);

    pthread_t source, taker, viewers[VIEWERS];
    uint32_t widths[VIEWERS] = { 30, 31, 32 };
    pthread_create(&taker, NULL, take, NULL);
    pthread_create(&source, NULL, publish, NULL);
    for (int i = 0; i < VIEWERS; i++) {
        pthread_create(&viewers[i], NULL, view, &widths[i]);
    }
    for (int i = 0; i < VIEWERS; i++) {
        pthread_join(viewers[i], NULL);
    }
    pthread_join(source, NULL);
    struct rendition *last = stream_rendition_open(stream, (struct rendition_key){ 0 });
    stream_rendition_close(stream, &last); /* its job may be at work while the stream goes */
    stream_free(&stream);
    is_over = true;
    pthread_join(taker, NULL);
    feed_free(&feed);
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(viewers_come_and_go_while_pictures_come),
    };
    return cmocka_run_group_tests_name("hub/stream_threads", tests, NULL, NULL);
}
