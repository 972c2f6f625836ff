/* SPDX-License-Identifier: MIT */
/* The runner, with the test picture, a file that is not there, and publishers. */
#include "source/source.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

struct seen {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    unsigned pictures, notices, discontinuities, states[SOURCE_STATE_COUNT];
    uint32_t width, height;
    uint32_t notice_width;
    char why[256];
};

static struct seen seen;

static void on_picture(void *ctx, struct picture *picture)
{
    assert_ptr_equal(ctx, &seen);
    pthread_mutex_lock(&seen.lock);
    if (picture->is_notice) {
        seen.notices++;
        seen.notice_width = picture->width;
    } else {
        seen.pictures++;
        seen.width = picture->width;
        seen.height = picture->height;
        seen.discontinuities += picture->is_discontinuity;
    }
    assert_true(picture->captured_ns > 0 && picture->captured_at_us > 0);
    pthread_cond_signal(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
    picture_unref(&picture);
}

static void on_state(void *ctx, enum source_state state, const char *why)
{
    assert_ptr_equal(ctx, &seen);
    pthread_mutex_lock(&seen.lock);
    seen.states[state]++;
    snprintf(seen.why, sizeof(seen.why), "%s", why);
    pthread_cond_signal(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static const struct source_sink sink = { .picture = on_picture, .state = on_state, .ctx = &seen };

static void wait_for(const unsigned *counter, unsigned wanted)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&seen.lock);
    int err = 0;
    while (*counter < wanted && !err) {
        err = pthread_cond_timedwait(&seen.changed, &seen.lock, &until);
    }
    pthread_mutex_unlock(&seen.lock);
    assert_int_equal(err, 0);
}

static int setup(void **state)
{
    (void)state;
    seen = (struct seen){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    return 0;
}

static struct source *make(const struct source_options *options)
{
    struct source *source = NULL;
    char why[256] = "";
    assert_int_equal(source_new(&source, options, &sink, why, sizeof(why)), 0);
    return source;
}

static void source_test_gives_pictures_and_starts_again(void **state)
{
    (void)state;
    struct source *source =
        make(&(struct source_options){ .spec = "test", .fps = 200, .width = 320 });
    assert_string_equal(source_kind_name(source), "test");
    assert_int_equal(source_start(source), 0);
    wait_for(&seen.pictures, 5);
    source_stop(source);
    assert_int_equal(seen.width, 320);
    assert_int_equal(seen.height, 180);
    assert_int_equal(seen.states[SOURCE_CONNECTING], 1);
    assert_int_equal(seen.states[SOURCE_UP], 1);
    assert_int_equal(seen.discontinuities, 0);

    const unsigned before = seen.pictures;
    assert_int_equal(source_start(source), 0);
    wait_for(&seen.pictures, before + 3);
    source_stop(source);
    assert_int_equal(seen.discontinuities, 1);
    assert_int_equal(source_stats(source)->pictures, seen.pictures);
    source_free(&source);
    source_free(&source);
}

static void source_says_why_and_shows_a_notice(void **state)
{
    (void)state;
    struct source *source = make(&(struct source_options){
        .spec = "no-such-file.mp4", .retry_min_ns = NS_PER_MS, .retry_max_ns = 2 * NS_PER_MS });
    assert_string_equal(source_kind_name(source), "file");
    assert_int_equal(source_start(source), 0);
    wait_for(&seen.notices, 1);
    source_stop(source);
    assert_int_equal(seen.notice_width, 640);
    assert_int_equal(seen.pictures, 0);
    assert_int_equal(seen.states[SOURCE_DOWN], 1); /* said once, however often it is tried */
    assert_string_equal(seen.why, "cannot open 'no-such-file.mp4': No such file or directory");
    source_free(&source);
}

static void source_stop_ends_a_long_wait(void **state)
{
    (void)state;
    struct source *source = make(&(struct source_options){ .spec = "no-such-folder/",
                                                           .retry_min_ns = 3600 * NS_PER_S,
                                                           .retry_max_ns = 3600 * NS_PER_S });
    assert_int_equal(source_start(source), 0);
    wait_for(&seen.notices, 1);
    const int64_t begin_ns = clock_steady_ns();
    source_free(&source);
    assert_true(clock_steady_ns() - begin_ns < NS_PER_S);
}

static void source_new_refuses_with_a_sentence(void **state)
{
    (void)state;
    static const struct source_options bad[] = {
        { .spec = NULL },
        { .spec = "" },
        { .spec = "nats://user:secret@host:4222" },
        { .spec = "test", .fps = -1 },
        { .spec = "test", .fps = 1e9 },
        { .spec = "test", .width = PICTURE_SIDE_MAX + 1 },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct source *source = NULL;
        char why[256] = "";
        assert_int_equal(source_new(&source, &bad[i], &sink, why, sizeof(why)), -EINVAL);
        assert_null(source);
        assert_true(strlen(why) > 10);
        assert_null(strstr(why, "secret"));
    }
}

static const uint8_t jpeg[] = {
    0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 16, 0, 24, 1,    1,    0x11, 0,
    0xff, 0xda, 0,    8,    1, 1,  0, 0, 63, 0, 1,  0xff, 0xd9, 0,
};

static void source_published_takes_one_publisher(void **state)
{
    (void)state;
    struct source *source = make(&(struct source_options){ .spec = "published" });
    assert_true(source_is_published(source));
    assert_string_equal(source_kind_name(source), "published");
    assert_false(source_publisher_enter(source)); /* not started */
    assert_int_equal(source_start(source), 0);
    assert_string_equal(seen.why, "waiting for a publisher");
    assert_int_equal(seen.notices, 1);

    assert_true(source_publisher_enter(source));
    assert_false(source_publisher_enter(source));
    const struct fc_bytes whole = { .data = jpeg, .size = sizeof(jpeg) };
    assert_null(source_publish(source, whole));
    assert_int_equal(seen.states[SOURCE_UP], 1);
    assert_int_equal(seen.width, 24);
    const char *error = source_publish(source, (struct fc_bytes){ .data = jpeg, .size = 20 });
    assert_string_equal(error, "the JPEG is cut short");
    assert_int_equal(source_stats(source)->corrupt, 1);
    source_publisher_leave(source);
    assert_int_equal(seen.states[SOURCE_DOWN], 1);
    assert_string_equal(seen.why, "waiting for a publisher");
    assert_int_equal(seen.notices, 2);
    assert_int_equal(seen.notice_width, 24);

    assert_true(source_publisher_enter(source));
    assert_null(source_publish(source, whole));
    assert_int_equal(seen.discontinuities, 1);
    assert_int_equal(source_stats(source)->restarts, 1);
    source_stop(source);
    assert_non_null(source_publish(source, whole));
    source_publisher_leave(source);
    assert_int_equal(seen.pictures, 2);
    source_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(source_test_gives_pictures_and_starts_again, setup),
        cmocka_unit_test_setup(source_says_why_and_shows_a_notice, setup),
        cmocka_unit_test_setup(source_stop_ends_a_long_wait, setup),
        cmocka_unit_test_setup(source_new_refuses_with_a_sentence, setup),
        cmocka_unit_test_setup(source_published_takes_one_publisher, setup),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
