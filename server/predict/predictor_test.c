/* SPDX-License-Identifier: MIT */
#include "predict/predictor.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "predict/predictor_impl.h"

/*
 * A kind that does as it is told: each picture's look() posts `begun`, waits for a permit of that
 * picture, and ends with what the table says. Everything else is recorded.
 */

#define SEQ_MAX 16

static struct {
    sem_t begun;              /* a look() has begun */
    sem_t permits[SEQ_MAX];   /* it may end */
    int results[SEQ_MAX];     /* with this */
    _Atomic int open_results; /* so many opens still fail */
    _Atomic int opened, closed;

    /* the sink's; read after a wait for `delivered`, or once the predictor is gone */
    sem_t delivered;
    uint64_t seqs[SEQ_MAX];
    uint32_t tracks[SEQ_MAX];
    unsigned count;
    sem_t changed;
} fake;

static bool fake_matches(const char *spec)
{
    return strcmp(spec, "fake") == 0;
}

static int fake_open(void **instance, const char *spec, const struct predictor_place *place,
                     char *why, size_t why_size)
{
    (void)place;
    (void)why;
    (void)why_size;
    assert_string_equal(spec, "fake:spec");
    if (fake.open_results > 0) {
        fake.open_results--;
        return -ENOENT;
    }
    *instance = malloc(1);
    fake.opened++;
    return 0;
}

static int fake_look(void *instance, struct picture *picture, struct prediction *out)
{
    assert_non_null(instance);
    assert_string_equal(out->stream, "cam");
    assert_string_equal(out->why, "");
    assert_int_equal(out->seq, picture->seq);
    assert_int_equal(out->captured_at_us, picture->captured_at_us);
    assert_int_equal(out->width, picture->width);
    assert_int_equal(out->object_count, 0);
    assert_null(out->data);
    sem_post(&fake.begun);
    sem_wait(&fake.permits[picture->seq]);
    out->object_count = 2;
    out->objects[0] = (struct prediction_object){ .label = "none", .x = NAN };
    out->objects[1] = (struct prediction_object){
        .label = "some", .x = -1, .y = 0.4f, .width = 2, .height = 0.2f
    };
    out->data = strdup("true");
    strcpy(out->why, "as it was told");
    return fake.results[picture->seq];
}

static void fake_close(void **instance)
{
    free(*instance);
    *instance = NULL;
    fake.closed++;
}

static struct predictor_kind kind = {
    .name = "fake",
    .form = "fake",
    .matches = fake_matches,
    .open = fake_open,
    .look = fake_look,
    .close = fake_close,
    .parallel_max = 4,
};

static void on_predicted(void *ctx, const struct prediction *prediction)
{
    assert_ptr_equal(ctx, &fake);
    assert_true(prediction->latency_ns > 0);
    assert_string_equal(prediction->data, "true");
    assert_int_equal(prediction->object_count, 1); /* what is no box was left out, */
    assert_string_equal(prediction->objects[0].label, "some");
    assert_true(prediction->objects[0].x >= 0); /* and what stands out of the picture cut off */
    fake.tracks[fake.count] = prediction->objects[0].track;
    fake.seqs[fake.count++] = prediction->seq;
    sem_post(&fake.delivered);
}

static void on_changed(void *ctx)
{
    assert_ptr_equal(ctx, &fake);
    sem_post(&fake.changed);
}

static struct predictor *started_with(unsigned threads, bool tracks)
{
    struct predictor *predictor = NULL;
    const struct predictor_options options = {
        .kind = &kind,
        .spec = "fake:spec",
        .threads = threads,
        .retry_min_ns = 1000,
        .retry_max_ns = 4000,
        .tracks = tracks,
    };
    const struct predictor_sink sink = {
        .stream = "cam",
        .predicted = on_predicted,
        .changed = on_changed,
        .ctx = &fake,
    };
    assert_int_equal(predictor_new(&predictor, &options, &sink), 0);
    return predictor;
}

static struct predictor *started(unsigned threads)
{
    return started_with(threads, false);
}

static void offer(struct predictor *predictor, uint64_t seq)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 4, 4);
    picture->seq = seq;
    picture->captured_at_us = (int64_t)seq * 1000;
    picture->captured_ns = (int64_t)seq * 1000000;
    predictor_offer(predictor, picture);
    picture_unref(&picture);
}

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    sem_init(&fake.begun, 0, 0);
    sem_init(&fake.delivered, 0, 0);
    sem_init(&fake.changed, 0, 0);
    for (int i = 0; i < SEQ_MAX; i++) {
        sem_init(&fake.permits[i], 0, 0);
    }
    return 0;
}

static void results_leave_in_picture_order(void **state)
{
    (void)state;
    struct predictor *predictor = started(4);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        offer(predictor, seq);
        sem_wait(&fake.begun);
    }
    fake.results[2] = -EIO; /* a failure must not hold up the others */
    for (uint64_t seq = 4; seq >= 1; seq--) {
        sem_post(&fake.permits[seq]);
    }
    for (int i = 0; i < 3; i++) {
        sem_wait(&fake.delivered);
    }
    predictor_free(&predictor);
    assert_null(predictor);
    assert_int_equal(fake.count, 3);
    assert_int_equal(fake.seqs[0], 1);
    assert_int_equal(fake.seqs[1], 3);
    assert_int_equal(fake.seqs[2], 4);
    assert_int_equal(fake.opened, fake.closed);
}

/* Also when a later picture is done first. */
static void tracks_are_given_in_picture_order_when_asked_for(void **state)
{
    for (uint32_t tracks = 0; tracks < 2; tracks++) {
        setup(state);
        struct predictor *predictor = started_with(4, tracks);
        for (uint64_t seq = 1; seq <= 4; seq++) {
            offer(predictor, seq);
            sem_wait(&fake.begun);
        }
        for (uint64_t seq = 4; seq >= 1; seq--) {
            sem_post(&fake.permits[seq]);
        }
        for (int i = 0; i < 4; i++) {
            sem_wait(&fake.delivered);
        }
        predictor_free(&predictor);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(fake.tracks[i], tracks);
        }
    }
}

static void only_the_newest_is_looked_at_and_skips_are_counted(void **state)
{
    (void)state;
    struct predictor *predictor = started(1);
    offer(predictor, 1);
    sem_wait(&fake.begun);
    for (uint64_t seq = 2; seq <= 5; seq++) {
        offer(predictor, seq);
    }
    sem_post(&fake.permits[1]);
    sem_post(&fake.permits[5]);
    sem_wait(&fake.delivered);
    sem_wait(&fake.delivered);
    assert_int_equal(fake.seqs[0], 1);
    assert_int_equal(fake.seqs[1], 5);
    assert_int_equal(predictor_stats(predictor)->skipped, 3);
    assert_int_equal(predictor_stats(predictor)->seen, 2);
    assert_int_equal(predictor_stats(predictor)->failed, 0);
    assert_true(histogram_quantile(&predictor_stats(predictor)->run, 0.5) >= 0);
    assert_string_equal(predictor_name(predictor), "fake");
    predictor_free(&predictor);
}

static void describe(const char *spec, struct predictor_traits *out)
{
    assert_string_equal(spec, "fake:spec");
    assert_string_equal(out->name, "fake");
    assert_int_equal(out->parallel_max, 4);
    strcpy(out->name, "described");
    out->parallel_max = 1;
}

static void kind_may_say_what_depends_on_the_spec(void **state)
{
    (void)state;
    kind.describe = describe;
    struct predictor *predictor = started(4);
    kind.describe = NULL;
    assert_string_equal(predictor_name(predictor), "described");
    for (uint64_t seq = 1; seq <= 2; seq++) {
        sem_post(&fake.permits[seq]);
        offer(predictor, seq);
        sem_wait(&fake.delivered);
    }
    predictor_free(&predictor);
    assert_int_equal(fake.opened, 1);
}

static void failed_pictures_are_counted_and_the_next_is_looked_at(void **state)
{
    (void)state;
    struct predictor *predictor = started(1);
    fake.results[1] = fake.results[2] = -EIO;
    fake.results[3] = -ECANCELED; /* no failure */
    for (uint64_t seq = 1; seq <= 4; seq++) {
        sem_post(&fake.permits[seq]);
        offer(predictor, seq);
        sem_wait(&fake.begun);
    }
    sem_wait(&fake.delivered);
    assert_int_equal(fake.seqs[0], 4);
    assert_int_equal(predictor_stats(predictor)->failed, 2);
    assert_int_equal(predictor_stats(predictor)->seen, 1);
    assert_int_equal(predictor_state(predictor), PREDICTOR_RUNNING);
    assert_int_equal(fake.opened, 1);
    predictor_free(&predictor);
}

static void opening_is_tried_again(void **state)
{
    (void)state;
    fake.open_results = 5;
    struct predictor *predictor = started(1);
    sem_wait(&fake.changed); /* down */
    sem_wait(&fake.changed); /* running */
    assert_int_equal(predictor_state(predictor), PREDICTOR_RUNNING);
    assert_int_equal(fake.open_results, 0);
    assert_int_not_equal(sem_trywait(&fake.changed), 0);
    sem_post(&fake.permits[1]);
    offer(predictor, 1);
    sem_wait(&fake.delivered);
    predictor_free(&predictor);
    assert_int_equal(fake.opened, 1);
    assert_int_equal(fake.closed, 1);
}

static void one_that_never_opens_can_be_stopped(void **state)
{
    (void)state;
    fake.open_results = 1000000000;
    struct predictor *predictor = started(2);
    sem_wait(&fake.changed);
    assert_int_equal(predictor_state(predictor), PREDICTOR_DOWN);
    offer(predictor, 1);
    offer(predictor, 2);
    assert_int_equal(predictor_stats(predictor)->skipped, 1);
    predictor_free(&predictor);
    assert_int_equal(fake.opened, 0);
    assert_int_equal(fake.closed, 0);
    assert_int_equal(fake.count, 0);
}

static void lost_instance_is_replaced(void **state)
{
    (void)state;
    struct predictor *predictor = started(1);
    fake.results[1] = -EPIPE;
    sem_post(&fake.permits[1]);
    offer(predictor, 1);
    for (int i = 0; i < 3; i++) {
        sem_wait(&fake.changed); /* running, down, running */
    }
    sem_post(&fake.permits[2]);
    offer(predictor, 2);
    sem_wait(&fake.delivered);
    assert_int_equal(fake.seqs[0], 2);
    assert_int_equal(fake.opened, 2);
    assert_int_equal(predictor_stats(predictor)->failed, 1);
    predictor_free(&predictor);
    assert_int_equal(fake.closed, 2);
}

static void *free_it(void *arg)
{
    predictor_free(arg);
    return NULL;
}

static void stop_waits_for_the_picture_in_hand_and_drops_the_rest(void **state)
{
    (void)state;
    struct predictor *predictor = started(1);
    struct picture *waiting = picture_new_planar(PICTURE_GRAY, 4, 4);
    waiting->seq = 2;
    offer(predictor, 1);
    sem_wait(&fake.begun);
    predictor_offer(predictor, waiting);
    pthread_t thread;
    pthread_create(&thread, NULL, free_it, &predictor);
    sem_post(&fake.permits[2]);
    sem_post(&fake.permits[1]);
    pthread_join(thread, NULL);
    assert_null(predictor);
    assert_int_equal(waiting->refs, 1);
    assert_int_equal(fake.opened, 1);
    assert_int_equal(fake.closed, 1);
    picture_unref(&waiting);
}

static void unknown_spec_is_refused(void **state)
{
    (void)state;
    struct predictor *predictor = NULL;
    const struct predictor_sink sink = { .stream = "cam", .predicted = on_predicted, .ctx = &fake };
    assert_int_equal(
        predictor_new(&predictor, &(struct predictor_options){ .spec = "fake" }, &sink), -EINVAL);
    assert_null(predictor);
    assert_int_equal(
        predictor_new(&predictor, &(struct predictor_options){ .spec = "test" }, &sink), 0);
    predictor_free(&predictor);
    predictor_free(&predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(results_leave_in_picture_order, setup),
        cmocka_unit_test(tracks_are_given_in_picture_order_when_asked_for),
        cmocka_unit_test_setup(only_the_newest_is_looked_at_and_skips_are_counted, setup),
        cmocka_unit_test_setup(kind_may_say_what_depends_on_the_spec, setup),
        cmocka_unit_test_setup(failed_pictures_are_counted_and_the_next_is_looked_at, setup),
        cmocka_unit_test_setup(opening_is_tried_again, setup),
        cmocka_unit_test_setup(one_that_never_opens_can_be_stopped, setup),
        cmocka_unit_test_setup(lost_instance_is_replaced, setup),
        cmocka_unit_test_setup(stop_waits_for_the_picture_in_hand_and_drops_the_rest, setup),
        cmocka_unit_test_setup(unknown_spec_is_refused, setup),
    };
    return cmocka_run_group_tests_name("predict/predictor", tests, NULL, NULL);
}
