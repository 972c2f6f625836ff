/* SPDX-License-Identifier: MIT */
#include "hub/feed.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct stream *const stream_a = (struct stream *)0x10; /* only ever compared */
static struct stream *const stream_b = (struct stream *)0x20;

static void count_wake(void *ctx)
{
    (*(int *)ctx)++;
}

static struct parcel *picture_parcel(uint64_t seq)
{
    struct fc_body *body =
        fc_body_new((struct fc_bytes){ .data = (const uint8_t *)"j", .size = 1 });
    struct parcel *parcel = parcel_new_picture(
        &(struct parcel_picture){ .seq = seq, .width = 1, .height = 1, .jpeg = body });
    fc_body_unref(&body);
    assert_non_null(parcel);
    return parcel;
}

static void put(struct feed *feed, enum feed_type type, struct stream *stream,
                uint64_t rendition_id, uint64_t seq)
{
    struct parcel *parcel = type == FEED_CHANGE ? NULL : picture_parcel(seq);
    feed_put(feed, &(struct feed_item){
                       .type = type,
                       .stream = stream,
                       .rendition_id = rendition_id,
                       .parcel = parcel,
                   });
    parcel_unref(&parcel);
}

static void check_take(struct feed *feed, enum feed_type type, struct stream *stream,
                       uint64_t rendition_id, uint64_t seq)
{
    struct feed_item item;
    assert_true(feed_take(feed, &item));
    assert_int_equal(item.type, type);
    assert_ptr_equal(item.stream, stream);
    assert_int_equal(item.rendition_id, rendition_id);
    if (type == FEED_CHANGE) {
        assert_null(item.parcel);
    } else {
        assert_int_equal(item.parcel->seq, seq);
        assert_int_equal(item.parcel->refs, 1);
    }
    parcel_unref(&item.parcel);
}

static void check_empty(struct feed *feed)
{
    struct feed_item item = { .rendition_id = 77 };
    assert_false(feed_take(feed, &item));
    assert_int_equal(item.rendition_id, 77);
}

static void newest_picture_of_a_rendition_waits_in_the_older_ones_place(void **state)
{
    (void)state;
    int wakes = 0;
    struct feed *feed = feed_new(count_wake, &wakes);
    check_empty(feed);
    put(feed, FEED_PICTURE, stream_a, 1, 10);
    put(feed, FEED_PICTURE, stream_a, 2, 10);
    put(feed, FEED_PREDICTION, stream_a, 0, 9);
    put(feed, FEED_PICTURE, stream_a, 1, 11);
    put(feed, FEED_PICTURE, stream_a, 1, 12);
    put(feed, FEED_PREDICTION, stream_a, 0, 10);
    assert_int_equal(feed_dropped(feed), 2);
    assert_int_equal(wakes, 1);
    check_take(feed, FEED_PICTURE, stream_a, 1, 12);
    check_take(feed, FEED_PICTURE, stream_a, 2, 10);
    check_take(feed, FEED_PREDICTION, stream_a, 0, 9);
    check_take(feed, FEED_PREDICTION, stream_a, 0, 10);
    check_empty(feed);
    put(feed, FEED_PICTURE, stream_a, 1, 13);
    assert_int_equal(wakes, 2);
    feed_free(&feed); /* with something in it */
    assert_null(feed);
    feed_free(&feed);
}

static void changes_of_one_stream_are_one(void **state)
{
    (void)state;
    int wakes = 0;
    struct feed *feed = feed_new(count_wake, &wakes);
    put(feed, FEED_CHANGE, stream_a, 0, 0);
    put(feed, FEED_CHANGE, stream_b, 0, 0);
    put(feed, FEED_CHANGE, stream_a, 0, 0);
    check_take(feed, FEED_CHANGE, stream_a, 0, 0);
    check_take(feed, FEED_CHANGE, stream_b, 0, 0);
    check_empty(feed);
    assert_int_equal(feed_dropped(feed), 0);
    feed_free(&feed);
}

static void full_feed_keeps_the_order_and_counts(void **state)
{
    (void)state;
    int wakes = 0;
    struct feed *feed = feed_new(count_wake, &wakes);
    put(feed, FEED_PICTURE, stream_a, 1, 1);
    for (uint64_t seq = 1; seq < FEED_MAX; seq++) {
        put(feed, FEED_PREDICTION, stream_a, 0, seq);
    }
    assert_int_equal(feed_dropped(feed), 0);
    put(feed, FEED_PREDICTION, stream_a, 0, 5000);
    assert_int_equal(feed_dropped(feed), 1);
    put(feed, FEED_CHANGE, stream_a, 0, 0);
    assert_int_equal(feed_dropped(feed), 2);
    put(feed, FEED_PICTURE, stream_a, 1, 2); /* still has its place */
    assert_int_equal(feed_dropped(feed), 3);
    put(feed, FEED_PICTURE, stream_a, 2, 2);
    assert_int_equal(feed_dropped(feed), 4);
    check_take(feed, FEED_PICTURE, stream_a, 1, 2);
    put(feed, FEED_PREDICTION, stream_a, 0, FEED_MAX);
    for (uint64_t seq = 1; seq <= FEED_MAX; seq++) {
        check_take(feed, FEED_PREDICTION, stream_a, 0, seq);
    }
    check_empty(feed);
    assert_int_equal(wakes, 1);
    feed_free(&feed);
}

#define PRODUCERS 4
#define ITEMS 500 /* each: all predictions together fit, so none may be lost */

static void post_wake(void *ctx)
{
    sem_post(ctx);
}

struct producer {
    struct feed *feed;
    uint64_t id;
};

static void *produce(void *arg)
{
    struct producer *producer = arg;
    for (uint64_t seq = 1; seq <= ITEMS; seq++) {
        put(producer->feed, FEED_PICTURE, stream_a, producer->id, seq);
        if (seq % 2 == 0) {
            put(producer->feed, FEED_PREDICTION, stream_a, producer->id, seq);
        }
    }
    return NULL;
}

static void many_threads_put_and_one_takes(void **state)
{
    (void)state;
    sem_t woken;
    sem_init(&woken, 0, 0);
    struct feed *feed = feed_new(post_wake, &woken);
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    for (uint64_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){ .feed = feed, .id = i };
        pthread_create(&threads[i], NULL, produce, &producers[i]);
    }
    uint64_t last_picture[PRODUCERS] = { 0 };
    uint64_t last_prediction[PRODUCERS] = { 0 };
    unsigned finished = 0;
    while (finished < 2 * PRODUCERS) {
        sem_wait(&woken);
        for (struct feed_item item; feed_take(feed, &item);) {
            uint64_t *last = item.type == FEED_PICTURE ? &last_picture[item.rendition_id]
                                                       : &last_prediction[item.rendition_id];
            const uint64_t seq = item.parcel->seq;
            assert_true(seq > *last);
            assert_true(item.type == FEED_PICTURE || seq == *last + 2); /* none is lost */
            *last = seq;
            finished += seq == ITEMS;
            parcel_unref(&item.parcel);
        }
    }
    for (unsigned i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
    }
    check_empty(feed);
    feed_free(&feed);
    sem_destroy(&woken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_picture_of_a_rendition_waits_in_the_older_ones_place),
        cmocka_unit_test(changes_of_one_stream_are_one),
        cmocka_unit_test(full_feed_keeps_the_order_and_counts),
        cmocka_unit_test(many_threads_put_and_one_takes),
    };
    return cmocka_run_group_tests_name("hub/feed", tests, NULL, NULL);
}
