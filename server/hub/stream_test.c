/* SPDX-License-Identifier: MIT */
#include "hub/stream.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hub/testing/fake_pool.h"
#include "hub/testing/fake_source.h"

static struct feed *feeds[2];
static sem_t woken;

static void on_wake(void *ctx)
{
    (void)ctx;
    sem_post(&woken);
}

static int setup(void **state)
{
    (void)state;
    memset(&fake_source, 0, sizeof(fake_source));
    sem_init(&woken, 0, 0);
    feeds[0] = feed_new(on_wake, NULL);
    feeds[1] = feed_new(on_wake, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_null(fake_source.sink);
    feed_free(&feeds[0]);
    feed_free(&feeds[1]);
    sem_destroy(&woken);
    return 0;
}

static struct stream_options options_of(unsigned feed_count)
{
    return (struct stream_options){
        .name = "cam",
        .id = 3,
        .encoders = fake_pool,
        .feeds = feeds,
        .feed_count = feed_count,
    };
}

static struct stream *started(const struct stream_options *options)
{
    struct stream *stream = NULL;
    char why[256] = "";
    assert_int_equal(stream_new(&stream, options, why, sizeof(why)), 0);
    assert_int_equal(stream_start(stream), 0);
    return stream;
}

static void give(uint32_t width, bool is_notice)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, width, width / 2);
    memset(picture_plane(picture, 0), 128, picture->planes[0].stride * (width / 2));
    picture->captured_ns = clock_steady_ns();
    picture->captured_at_us = 1000000;
    picture->is_notice = is_notice;
    fake_source.sink->picture(fake_source.sink->ctx, picture);
}

static void say(enum source_state state, const char *why)
{
    fake_source.sink->state(fake_source.sink->ctx, state, why);
}

static bool take(struct feed_item *item)
{
    return feed_take(feeds[0], item);
}

static void check_change(struct stream *stream)
{
    struct feed_item item;
    assert_true(take(&item));
    assert_int_equal(item.type, FEED_CHANGE);
    assert_ptr_equal(item.stream, stream);
}

static void check_picture(uint64_t rendition_id, uint64_t seq, uint32_t width)
{
    struct feed_item item;
    assert_true(take(&item));
    assert_int_equal(item.type, FEED_PICTURE);
    assert_int_equal(item.rendition_id, rendition_id);
    assert_int_equal(item.parcel->seq, seq);
    assert_int_equal(item.parcel->width, width);
    parcel_unref(&item.parcel);
}

static void check_nothing(void)
{
    struct feed_item item;
    assert_false(take(&item));
}

static void changes_are_told_once(void **state)
{
    (void)state;
    const struct stream_options options = options_of(2);
    struct stream *stream = started(&options);
    assert_string_equal(stream_name(stream), "cam");
    assert_int_equal(stream_id(stream), 3);
    assert_null(stream_predictor(stream, 0));
    assert_non_null(stream_source(stream));
    assert_int_equal(fake_source.started, 1);

    say(SOURCE_DOWN, "no such file");
    check_change(stream);
    say(SOURCE_DOWN, "no such file");
    check_nothing();
    say(SOURCE_DOWN, "still no such file");
    check_change(stream);
    say(SOURCE_UP, "");
    check_change(stream);
    give(64, false);
    check_change(stream);
    give(64, false);
    check_nothing();
    give(32, false);
    check_change(stream);
    struct feed_item item;
    assert_true(feed_take(feeds[1], &item)); /* the other loop slept: one change tells it all */
    assert_false(feed_take(feeds[1], &item));

    stream_stop(stream);
    assert_int_equal(fake_source.stopped, 1);
    stream_free(&stream);
    assert_null(stream);
    stream_free(&stream);
}

static void long_reason_is_cut_and_told_once(void **state)
{
    (void)state;
    const struct stream_options options = options_of(1);
    struct stream *stream = started(&options);
    char why[2 * STREAM_WHY_SIZE];
    memset(why, 'w', sizeof(why) - 1);
    why[sizeof(why) - 1] = '\0';
    say(SOURCE_DOWN, why);
    check_change(stream);
    say(SOURCE_DOWN, why);
    check_nothing();
    struct stream_description description;
    stream_describe(stream, &description);
    assert_int_equal(strlen(description.why), STREAM_WHY_SIZE - 1);

    say(SOURCE_DOWN, "caf\xc3\xa9");
    stream_describe(stream, &description);
    assert_string_equal(description.why, "caf\xc3\xa9");
    say(SOURCE_DOWN, "caf\xe9");
    stream_describe(stream, &description);
    assert_string_equal(description.why, "caf?"); /* it is put into JSON */
    stream_free(&stream);
}

static void description_is_of_the_newest_real_picture(void **state)
{
    (void)state;
    const struct stream_options options = options_of(1);
    struct stream *stream = started(&options);
    struct stream_description description;
    stream_describe(stream, &description);
    assert_int_equal(description.seq, 0);
    assert_int_equal(description.width, 0);
    assert_true(description.fps < 0.001 && description.captured_ns == 0);

    give(640, true);
    stream_describe(stream, &description);
    assert_int_equal(description.seq, 1);
    assert_int_equal(description.width, 640);
    assert_true(description.captured_ns == 0);

    for (int i = 0; i < 3; i++) {
        give(64, false);
    }
    give(640, true);
    stream_describe(stream, &description);
    assert_int_equal(description.seq, 5);
    assert_int_equal(description.width, 64);
    assert_int_equal(description.height, 32);
    assert_true(description.captured_ns > 0 && description.fps > 0);
    assert_false(description.is_jpeg);
    assert_int_equal(stream_stats(stream)->pictures, 3);
    assert_int_equal(fake_pool_waiting(), 0); /* nobody watches: nothing is encoded */
    stream_free(&stream);
}

static void equal_requests_share_a_rendition(void **state)
{
    (void)state;
    struct stream_options options = options_of(1);
    options.width = 320;
    options.quality = 70;
    struct stream *stream = started(&options);
    const struct rendition_key same[] = {
        { 0 },
        { .width = 320 },
        { .width = 9999, .quality = 70 },
    };
    struct rendition *renditions[3];
    for (int i = 0; i < 3; i++) {
        renditions[i] = stream_rendition_open(stream, same[i]);
        assert_ptr_equal(renditions[i], renditions[0]);
    }
    assert_int_equal(rendition_key(renditions[0]).width, 320);
    assert_int_equal(rendition_key(renditions[0]).quality, 70);
    struct rendition *other = stream_rendition_open(stream, (struct rendition_key){ .width = 160 });
    assert_ptr_not_equal(other, renditions[0]);
    assert_true(rendition_id(other) != rendition_id(renditions[0]));

    give(640, false);
    assert_int_equal(fake_pool_waiting(), 2);
    fake_pool_run_all();
    assert_int_equal(stream_stats(stream)->encoded, 2);
    check_change(stream);
    check_picture(rendition_id(renditions[0]), 1, 320);
    check_picture(rendition_id(other), 1, 160);

    const uint64_t old_id = rendition_id(renditions[0]);
    for (int i = 0; i < 3; i++) {
        stream_rendition_close(stream, &renditions[i]);
        assert_null(renditions[i]);
    }
    stream_rendition_close(stream, &renditions[0]);
    give(640, false);
    assert_int_equal(fake_pool_waiting(), 1);
    fake_pool_run_all();
    check_picture(rendition_id(other), 2, 160);
    check_nothing();
    renditions[0] = stream_rendition_open(stream, same[0]);
    assert_true(rendition_id(renditions[0]) != old_id);
    stream_rendition_close(stream, &renditions[0]);
    stream_rendition_close(stream, &other);
    fake_pool_run_all();
    stream_free(&stream);
}

static void late_rendition_begins_with_the_newest_picture(void **state)
{
    (void)state;
    const struct stream_options options = options_of(1);
    struct stream *stream = started(&options);
    give(64, false);
    give(64, false);
    check_change(stream);
    struct rendition *rendition = stream_rendition_open(stream, (struct rendition_key){ 0 });
    assert_int_equal(fake_pool_waiting(), 1);
    fake_pool_run_all();
    check_picture(rendition_id(rendition), 2, 64);
    stream_rendition_close(stream, &rendition);
    stream_free(&stream);
}

static void renditions_are_limited(void **state)
{
    (void)state;
    struct stream_options options = options_of(1);
    options.renditions_max = 2;
    struct stream *stream = started(&options);
    struct rendition *open[2];
    open[0] = stream_rendition_open(stream, (struct rendition_key){ .width = 16 });
    open[1] = stream_rendition_open(stream, (struct rendition_key){ .width = 17 });
    assert_non_null(open[1]);
    assert_null(stream_rendition_open(stream, (struct rendition_key){ .width = 18 }));
    struct rendition *shared = stream_rendition_open(stream, (struct rendition_key){ .width = 17 });
    assert_ptr_equal(shared, open[1]);
    stream_rendition_close(stream, &shared);
    stream_rendition_close(stream, &open[0]);
    open[0] = stream_rendition_open(stream, (struct rendition_key){ .width = 18 });
    assert_non_null(open[0]);
    stream_rendition_close(stream, &open[0]);
    stream_rendition_close(stream, &open[1]);
    stream_free(&stream);
}

/* Take from the first feed until there is a prediction, skipping changes of the predictor. */
static struct parcel *wait_for_prediction(void)
{
    for (;;) {
        for (struct feed_item item; take(&item);) {
            if (item.type == FEED_PREDICTION) {
                return item.parcel;
            }
            parcel_unref(&item.parcel);
        }
        sem_wait(&woken);
    }
}

static void predictions_come_from_real_pictures_only(void **state)
{
    (void)state;
    struct stream_options options = options_of(1);
    options.plans = &(struct plan){ .spec = "test" };
    options.plan_count = 1;
    struct stream *stream = started(&options);
    assert_string_equal(predictor_name(stream_predictor(stream, 0)), "test");
    give(64, true);
    for (uint64_t seq = 2; seq <= 5; seq++) {
        give(64, false);
        struct parcel *parcel = wait_for_prediction();
        assert_int_equal(parcel->seq, seq);
        assert_int_equal(parcel->width, 64);
        parcel_unref(&parcel);
    }
    assert_int_equal(predictor_state(stream_predictor(stream, 0)), PREDICTOR_RUNNING);
    assert_int_equal(predictor_stats(stream_predictor(stream, 0))->skipped, 0);
    stream_free(&stream);
}

static void exports_are_written_while_somebody_wants_them(void **state)
{
    (void)state;
    struct stream_options options = options_of(1);
    options.plans = &(struct plan){ .spec = "test" };
    options.plan_count = 1;
    struct stream *stream = started(&options);
    stream_format_open(stream, PREDICTION_COCO);
    stream_format_open(stream, PREDICTION_COCO);
    for (int users = 2; users >= 0; users--) {
        give(64, false);
        struct parcel *parcel = wait_for_prediction();
        assert_int_equal(memcmp(parcel->body.data, "{\"type\":", 8), 0);
        parcel_unref(&parcel);
        if (users > 0) { /* told after it, in the same call: once, however many they are */
            parcel = wait_for_prediction();
            assert_int_equal(memcmp(parcel->body.data, "{\"info\":", 8), 0);
            parcel_unref(&parcel);
            stream_format_close(stream, PREDICTION_COCO);
        }
    }
    stream_stop(stream);
    stream_free(&stream);
    for (struct feed_item item; take(&item);) {
        assert_int_not_equal(item.type, FEED_PREDICTION);
    }
}

/* Take pictures until one has predictions drawn into it; gives whose. */
static uint64_t wait_for_drawn(uint64_t rendition_id)
{
    for (;;) {
        fake_pool_run_all();
        for (struct feed_item item; take(&item);) {
            const bool is_it = item.type == FEED_PICTURE && item.rendition_id == rendition_id;
            const uint64_t seq = is_it ? item.parcel->drawn_seq : 0;
            parcel_unref(&item.parcel);
            if (seq > 0) {
                return seq;
            }
        }
        sem_wait(&woken);
    }
}

static void boxed_rendition_gets_the_boxes_of_a_lonely_picture(void **state)
{
    (void)state;
    struct stream_options options = options_of(1);
    options.plans = &(struct plan){ .spec = "test" };
    options.plan_count = 1;
    struct stream *stream = started(&options);
    struct rendition *boxed =
        stream_rendition_open(stream, (struct rendition_key){ .is_boxed = true });
    struct rendition *plain = stream_rendition_open(stream, (struct rendition_key){ 0 });
    struct rendition *same =
        stream_rendition_open(stream, (struct rendition_key){ .is_boxed = true });
    assert_ptr_not_equal(boxed, plain);
    assert_ptr_equal(boxed, same);
    give(64, false);
    assert_int_equal(wait_for_drawn(rendition_id(boxed)), 1);
    stream_rendition_close(stream, &same);
    stream_rendition_close(stream, &boxed);

    /* Whoever comes later, as a snapshot does, finds them there. */
    boxed = stream_rendition_open(stream, (struct rendition_key){ .is_boxed = true, .width = 32 });
    assert_int_equal(wait_for_drawn(rendition_id(boxed)), 1);
    stream_rendition_close(stream, &boxed);
    stream_rendition_close(stream, &plain);
    fake_pool_run_all();
    stream_free(&stream);
}

static void without_a_predictor_boxed_is_plain(void **state)
{
    (void)state;
    const struct stream_options options = options_of(1);
    struct stream *stream = started(&options);
    struct rendition *plain = stream_rendition_open(stream, (struct rendition_key){ 0 });
    struct rendition *boxed =
        stream_rendition_open(stream, (struct rendition_key){ .is_boxed = true });
    assert_ptr_equal(boxed, plain);
    stream_rendition_close(stream, &boxed);
    stream_rendition_close(stream, &plain);
    stream_free(&stream);
}

static void what_can_never_work_is_refused(void **state)
{
    (void)state;
    struct stream *stream = NULL;
    char why[256] = "";
    struct stream_options options = options_of(1);
    fake_source.new_result = -EINVAL;
    assert_int_equal(stream_new(&stream, &options, why, sizeof(why)), -EINVAL);
    assert_string_equal(why, "the fake source says no");
    fake_source.new_result = 0;
    options.plans = &(struct plan){ .spec = "nonsense" };
    options.plan_count = 1;
    assert_int_equal(stream_new(&stream, &options, why, sizeof(why)), -EINVAL);
    assert_string_equal(why, "the predictor 'nonsense' cannot start: Invalid argument");
    assert_null(stream);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(changes_are_told_once),
        CASE(long_reason_is_cut_and_told_once),
        CASE(description_is_of_the_newest_real_picture),
        CASE(equal_requests_share_a_rendition),
        CASE(late_rendition_begins_with_the_newest_picture),
        CASE(renditions_are_limited),
        CASE(predictions_come_from_real_pictures_only),
        CASE(exports_are_written_while_somebody_wants_them),
        CASE(boxed_rendition_gets_the_boxes_of_a_lonely_picture),
        CASE(without_a_predictor_boxed_is_plain),
        CASE(what_can_never_work_is_refused),
    };
    return cmocka_run_group_tests_name("hub/stream", tests, NULL, NULL);
}
