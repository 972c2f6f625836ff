/* SPDX-License-Identifier: MIT */
#include "hub/rendition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "encode/jpeg.h"
#include "hub/rendition_impl.h"
#include "hub/testing/alloc.h"
#include "hub/testing/fake_pool.h"

static struct stream *const the_stream = (struct stream *)0x10; /* only ever compared */
static struct stream_stats stats;
static struct feed *feeds[2];
static struct shelf *shelf;
static int wakes, gone;

static void on_wake(void *ctx)
{
    (void)ctx;
    wakes++;
}

static void on_gone(struct stream *stream)
{
    assert_ptr_equal(stream, the_stream);
    gone++;
}

static int setup(void **state)
{
    (void)state;
    memset(&stats, 0, sizeof(stats));
    wakes = gone = 0;
    feeds[0] = feed_new(on_wake, NULL);
    feeds[1] = feed_new(on_wake, NULL);
    shelf = shelf_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    feed_free(&feeds[0]);
    feed_free(&feeds[1]);
    shelf_free(&shelf);
    return 0;
}

static struct rendition *made(struct rendition_key key)
{
    struct rendition *rendition = rendition_new(&(struct rendition_options){
        .id = 5,
        .key = key,
        .stream = the_stream,
        .stream_name = "cam",
        .stream_id = 1,
        .stats = &stats,
        .shelf = shelf,
        .encoders = fake_pool,
        .feeds = feeds,
        .feed_count = 2,
        .gone = on_gone,
    });
    assert_non_null(rendition);
    return rendition;
}

static struct picture *planar(uint64_t seq)
{
    struct picture *picture = picture_new_planar(PICTURE_YUV420, 64, 32);
    for (unsigned i = 0; i < PICTURE_PLANES_MAX; i++) {
        memset(picture_plane(picture, i), 128,
               picture->planes[i].stride * picture_plane_height(picture, i));
    }
    picture->captured_ns = (int64_t)seq * NS_PER_S / 30;
    picture->seq = seq;
    return picture;
}

static struct picture *jpeg(uint64_t seq)
{
    struct picture *pixels = planar(seq);
    struct jpeg_encoder *encoder = jpeg_encoder_new();
    struct jpeg_image image;
    const struct jpeg_request request = { .quality = 80 };
    assert_int_equal(jpeg_encode(encoder, pixels, request, &image), 0);
    struct picture *picture =
        picture_new_jpeg(image.bytes.data, image.bytes.size, image.width, image.height);
    picture->seq = seq;
    picture->captured_ns = pixels->captured_ns;
    jpeg_encoder_free(&encoder);
    picture_unref(&pixels);
    return picture;
}

static void offer(struct rendition *rendition, struct picture *picture)
{
    rendition_offer(rendition, picture);
    picture_unref(&picture);
}

/* Both feeds have that picture and nothing else. */
static void check_feeds(uint64_t seq, uint32_t width)
{
    for (int i = 0; i < 2; i++) {
        struct feed_item item;
        assert_true(feed_take(feeds[i], &item));
        assert_int_equal(item.type, FEED_PICTURE);
        assert_int_equal(item.rendition_id, 5);
        assert_ptr_equal(item.stream, the_stream);
        assert_int_equal(item.parcel->seq, seq);
        assert_int_equal(item.parcel->width, width);
        parcel_unref(&item.parcel);
        assert_false(feed_take(feeds[i], &item));
    }
}

static void check_no_feed(void)
{
    struct feed_item item;
    assert_false(feed_take(feeds[0], &item));
    assert_false(feed_take(feeds[1], &item));
}

static void picture_is_encoded_once_for_all_feeds(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .width = 32 });
    assert_null(rendition_newest(rendition));
    offer(rendition, planar(1));
    assert_int_equal(fake_pool_waiting(), 1);
    check_no_feed();
    fake_pool_run_all();
    check_feeds(1, 32);
    assert_int_equal(stats.encoded, 1);
    assert_int_equal(stats.passed, 0);

    struct parcel *newest = rendition_newest(rendition);
    assert_int_equal(newest->seq, 1);
    assert_int_equal(newest->height, 16);
    rendition_stop(rendition);
    rendition_unref(&rendition);
    assert_int_equal(gone, 1);
    assert_int_equal(newest->body.data[0], 0xff); /* outlives the rendition */
    parcel_unref(&newest);
}

static void newest_picture_wins_while_the_encoder_is_busy(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ 0 });
    for (uint64_t seq = 1; seq <= 3; seq++) {
        offer(rendition, planar(seq));
        assert_int_equal(fake_pool_waiting(), 1); /* never more than one job */
    }
    offer(rendition, planar(2)); /* late */
    fake_pool_run_all();
    check_feeds(3, 64);
    assert_int_equal(stats.encoded, 1);
    offer(rendition, planar(3));
    assert_int_equal(fake_pool_waiting(), 0);
    rendition_unref(&rendition);
}

/* A feed's wake-up comes in the middle of the job: the next picture comes just then. */
static struct rendition *offered_during_the_job;

static void offer_on_wake(void *ctx)
{
    (void)ctx;
    if (offered_during_the_job) {
        struct rendition *rendition = offered_during_the_job;
        offered_during_the_job = NULL;
        offer(rendition, planar(2));
        assert_int_equal(fake_pool_waiting(), 0);
    }
}

static void picture_that_comes_during_the_job_is_next(void **state)
{
    (void)state;
    feed_free(&feeds[0]);
    feeds[0] = feed_new(offer_on_wake, NULL);
    struct rendition *rendition = made((struct rendition_key){ 0 });
    offered_during_the_job = rendition;
    offer(rendition, planar(1));
    fake_pool_run_one();
    check_feeds(1, 64);
    assert_int_equal(fake_pool_waiting(), 1);
    fake_pool_run_one();
    check_feeds(2, 64);
    assert_int_equal(fake_pool_waiting(), 0);
    rendition_unref(&rendition);
}

static void jpeg_is_passed_through_without_a_copy(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ 0 });
    struct picture *picture = jpeg(1);
    rendition_offer(rendition, picture);
    fake_pool_run_all();
    struct parcel *newest = rendition_newest(rendition);
    assert_ptr_equal(newest->body.data, picture->planes[0].data);
    assert_int_equal(newest->body.size, picture->bytes);
    assert_int_equal(picture->refs, 2);
    assert_int_equal(stats.passed, 1);
    assert_int_equal(stats.encoded, 0);
    check_feeds(1, 64);
    parcel_unref(&newest);
    rendition_unref(&rendition);
    assert_int_equal(picture->refs, 1);
    picture_unref(&picture);
}

static void pace_holds_pictures_back_but_no_notice(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .fps_milli = 10000 });
    for (uint64_t seq = 1; seq <= 30; seq++) {
        offer(rendition, planar(seq));
        fake_pool_run_all();
    }
    assert_int_equal(stats.encoded, 10);
    struct picture *notice = planar(30); /* at a time that does not pass */
    notice->seq = 31;
    notice->is_notice = true;
    offer(rendition, notice);
    fake_pool_run_all();
    assert_int_equal(stats.encoded, 11);
    struct parcel *newest = rendition_newest(rendition);
    assert_true(newest->is_notice);
    parcel_unref(&newest);
    rendition_unref(&rendition);
}

static void closing_while_a_job_waits_or_runs_is_safe(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ 0 });
    struct picture *picture = planar(1);
    rendition_offer(rendition, picture);
    rendition_stop(rendition);
    assert_int_equal(picture->refs, 1);
    rendition_offer(rendition, picture);
    assert_int_equal(picture->refs, 1);
    rendition_unref(&rendition);
    assert_int_equal(gone, 0); /* the job has it */
    fake_pool_run_all();
    assert_int_equal(gone, 1);
    check_no_feed();
    assert_int_equal(stats.encoded, 0);
    picture_unref(&picture);
}

static void picture_that_cannot_be_decoded_is_left_out(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .width = 4 });
    for (uint64_t seq = 1; seq <= 2; seq++) {
        struct picture *broken = picture_new_jpeg((const uint8_t *)"jpeg", 4, 8, 8);
        broken->seq = seq;
        broken->captured_ns = (int64_t)seq * NS_PER_S;
        offer(rendition, broken);
        fake_pool_run_all();
        check_no_feed();
    }
    struct picture *good = planar(3);
    good->captured_ns = 3 * NS_PER_S;
    offer(rendition, good);
    fake_pool_run_all();
    check_feeds(3, 4);
    rendition_unref(&rendition);
}

static void see(uint64_t seq, size_t objects)
{
    static struct prediction prediction;
    prediction.seq = seq;
    prediction.object_count = objects;
    for (size_t i = 0; i < objects; i++) {
        prediction.objects[i] = (struct prediction_object){
            .label = "x",
            .score = 1.0f,
            .x = 0.25f,
            .y = 0.5f,
            .width = 0.5f,
            .height = 0.4f,
        };
    }
    shelf_put(shelf, 0, &prediction);
}

/* Both feeds have that picture, with so many predictions in it; gives the luma on the box's edge.
 */
static int check_drawn(uint64_t seq, unsigned drawn, uint64_t drawn_seq)
{
    int luma = 0;
    for (int i = 0; i < 2; i++) {
        struct feed_item item;
        assert_true(feed_take(feeds[i], &item));
        assert_int_equal(item.parcel->seq, seq);
        assert_int_equal(item.parcel->drawn, drawn);
        assert_int_equal(item.parcel->drawn_seq, drawn_seq);
        struct picture *picture =
            picture_new_jpeg(item.parcel->body.data, item.parcel->body.size, 64, 32);
        const struct picture *pixels = picture_pixels(picture);
        assert_non_null(pixels);
        luma = pixels->planes[0].data[24 * pixels->planes[0].stride + 16];
        picture_unref(&picture);
        parcel_unref(&item.parcel);
    }
    check_no_feed();
    return luma;
}

static void boxes_are_drawn_on_a_copy(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .is_boxed = true });
    see(1, 1);
    struct picture *shared[] = { planar(2), jpeg(3), planar(4) };
    shared[2]->is_notice = true;
    for (size_t i = 0; i < 3; i++) {
        rendition_offer(rendition, shared[i]);
        fake_pool_run_all();
        const bool is_drawn = i < 2;
        const int luma = check_drawn(i + 2, is_drawn, is_drawn);
        assert_true(is_drawn ? luma > 160 : luma < 160);
        const struct picture *pixels = picture_pixels(shared[i]);
        assert_in_range(pixels->planes[0].data[24 * pixels->planes[0].stride + 16], 126, 146);
        picture_unref(&shared[i]);
    }
    assert_int_equal(stats.encoded, 3);
    rendition_unref(&rendition);
}

static void jpeg_passes_through_while_there_is_nothing_to_draw(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .is_boxed = true });
    see(1, 0);
    offer(rendition, jpeg(2));
    fake_pool_run_all();
    check_drawn(2, 1, 1);
    assert_int_equal(stats.passed, 1);
    rendition_unref(&rendition);
}

static void picture_without_boxes_is_drawn_again_when_they_come(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .is_boxed = true });
    struct rendition *plain = made((struct rendition_key){ 0 });
    struct picture *picture = planar(2);
    rendition_redraw(rendition, picture); /* before it was offered */
    assert_int_equal(fake_pool_waiting(), 0);
    rendition_offer(rendition, picture);
    fake_pool_run_all();
    assert_true(check_drawn(2, 0, 0) < 160);
    rendition_redraw(rendition, picture); /* nothing has come */
    assert_int_equal(fake_pool_waiting(), 0);

    see(2, 1);
    rendition_redraw(rendition, picture);
    rendition_redraw(plain, picture);
    assert_int_equal(fake_pool_waiting(), 1);
    rendition_redraw(rendition, picture);
    fake_pool_run_all();
    assert_true(check_drawn(2, 1, 2) > 160);
    rendition_redraw(rendition, picture);
    fake_pool_run_all();
    check_no_feed();

    offer(rendition, planar(3)); /* has the boxes of the one before, and is left at that */
    fake_pool_run_all();
    assert_true(check_drawn(3, 1, 2) > 160);
    struct picture *third = planar(3);
    see(3, 1);
    rendition_redraw(rendition, third);
    assert_int_equal(fake_pool_waiting(), 0);
    rendition_redraw(rendition, picture); /* late */
    rendition_stop(rendition);
    rendition_redraw(rendition, third);
    assert_int_equal(fake_pool_waiting(), 0);
    picture_unref(&third);
    picture_unref(&picture);
    rendition_unref(&rendition);
    rendition_unref(&plain);
}

/* Its prediction comes in the middle of the job, when that has looked for it already, or not yet.
 */
static struct rendition *predicted_during_the_job;
static struct picture *its_picture;

static void predict_on_wake(void *ctx)
{
    (void)ctx;
    if (predicted_during_the_job) {
        struct rendition *rendition = predicted_during_the_job;
        predicted_during_the_job = NULL;
        see(its_picture->seq, 1);
        rendition_redraw(rendition, its_picture);
        assert_int_equal(fake_pool_waiting(), 0);
    }
}

static void prediction_that_comes_during_the_job_is_not_lost(void **state)
{
    (void)state;
    feed_free(&feeds[0]);
    feeds[0] = feed_new(predict_on_wake, NULL);
    struct rendition *rendition = made((struct rendition_key){ .is_boxed = true });
    its_picture = planar(1);
    predicted_during_the_job = rendition;
    rendition_offer(rendition, its_picture);
    fake_pool_run_one();
    check_drawn(1, 0, 0);
    fake_pool_run_one();
    check_drawn(1, 1, 1);

    rendition_offer(rendition, its_picture); /* the same again */
    rendition_redraw(rendition, its_picture);
    fake_pool_run_all();
    check_no_feed();
    picture_unref(&its_picture);
    rendition_unref(&rendition);
}

static void steady_state_allocates_only_the_parcel(void **state)
{
    (void)state;
    const struct rendition_key keys[] = {
        { 0 },
        { .width = 32 },
        { .width = 31, .quality = 60 },
        { .is_boxed = true },
    };
    see(1, 3);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct rendition *rendition = made(keys[i]);
        offer(rendition, planar(1));
        fake_pool_run_all();
        for (uint64_t seq = 2; seq < 20; seq++) {
            struct picture *picture = planar(seq);
            const unsigned before = alloc_count;
            rendition_offer(rendition, picture);
            fake_pool_run_all();
            assert_int_equal(alloc_count - before, 5); /* body, parcel, three messages */
            picture_unref(&picture);
        }
        rendition_unref(&rendition);
    }
}

static void without_memory_a_picture_is_left_out(void **state)
{
    (void)state;
    struct rendition *rendition = made((struct rendition_key){ .width = 32 });
    uint64_t seq = 0;
    while (stats.encoded == 0) {
        struct picture *picture = planar(++seq);
        assert_in_range(seq, 1, 8);
        alloc_fail_after = seq == 1 ? 0 : (int)seq - 2; /* the planes are kept from the second on */
        rendition_offer(rendition, picture);
        fake_pool_run_all();
        alloc_fail_after = -1;
        picture_unref(&picture);
    }
    assert_int_equal(seq, 7); /* planes, body, parcel, three messages; then all */
    check_feeds(7, 32);
    rendition_unref(&rendition);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(picture_is_encoded_once_for_all_feeds),
        CASE(newest_picture_wins_while_the_encoder_is_busy),
        CASE(picture_that_comes_during_the_job_is_next),
        CASE(jpeg_is_passed_through_without_a_copy),
        CASE(pace_holds_pictures_back_but_no_notice),
        CASE(closing_while_a_job_waits_or_runs_is_safe),
        CASE(picture_that_cannot_be_decoded_is_left_out),
        CASE(boxes_are_drawn_on_a_copy),
        CASE(jpeg_passes_through_while_there_is_nothing_to_draw),
        CASE(picture_without_boxes_is_drawn_again_when_they_come),
        CASE(prediction_that_comes_during_the_job_is_not_lost),
        CASE(steady_state_allocates_only_the_parcel),
        CASE(without_memory_a_picture_is_left_out),
    };
    return cmocka_run_group_tests_name("hub/rendition", tests, NULL, NULL);
}
